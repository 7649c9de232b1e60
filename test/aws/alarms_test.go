package aws

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/google/go-cmp/cmp"
)

// checkAlarms sees to it that every alarm watches what exists, and that somebody hears of it.
func checkAlarms(t *testing.T, e environment) {
	t.Helper()
	ctx, client := t.Context(), cloudwatch.NewFromConfig(e.config)
	prefix := e.full + "-"
	alarms := must[*cloudwatch.DescribeAlarmsOutput](t)(client.DescribeAlarms(ctx,
		&cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &prefix})).MetricAlarms
	found := map[string]string{}
	for _, each := range alarms {
		name := strings.TrimPrefix(text(each.AlarmName), prefix)
		found[name] = text(each.MetricName) + " " + dimensions(each)
		if len(each.AlarmActions) != 1 || !strings.HasSuffix(each.AlarmActions[0], ":"+e.full+"-alarms") {
			t.Errorf("nobody hears of %s: %v", name, each.AlarmActions)
		}
	}
	balancer := suffixOf(t, e)
	database, gpu := "DBInstanceIdentifier="+e.full, "AutoScalingGroupName="+gpuGroup(t, e)
	wanted := map[string]string{
		"alb-5xx":              "HTTPCode_ELB_5XX_Count LoadBalancer=" + balancer,
		"target-5xx":           "HTTPCode_Target_5XX_Count LoadBalancer=" + balancer,
		"mlflow-unhealthy":     "UnHealthyHostCount LoadBalancer=" + balancer + " TargetGroup=" + targetSuffix(e, "mlflow"),
		"inference-unhealthy":  "UnHealthyHostCount LoadBalancer=" + balancer + " TargetGroup=" + targetSuffix(e, "inference"),
		"gpu-node-cpu":         "CPUUtilization " + gpu,
		"gpu-idle":             "node_gpu_utilization ClusterName=" + e.full,
		"database-storage":     "FreeStorageSpace " + database,
		"database-connections": "DatabaseConnections " + database,
		"database-cpu":         "CPUUtilization " + database,
	}
	if diff := cmp.Diff(wanted, found); diff != "" {
		t.Errorf("alarms, and what they watch:\n%s", diff)
	}
	if _, err := client.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: &e.full}); err != nil {
		t.Errorf("the dashboard: %v", err)
	}
	checkRetention(t, e)
	budget := must[*budgets.DescribeBudgetOutput](t)(budgets.NewFromConfig(e.config).DescribeBudget(ctx,
		&budgets.DescribeBudgetInput{AccountId: &e.id, BudgetName: &e.full})).Budget
	want(t, "the budget", map[bool]string{false: "800", true: "6000"}[e.prod], strings.TrimSuffix(text(budget.BudgetLimit.Amount), ".0"))
}

// checkRetention sees to it that no log is kept for ever, and that those are there which AWS would make by itself.
func checkRetention(t *testing.T, e environment) {
	t.Helper()
	client := cloudwatchlogs.NewFromConfig(e.config)
	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(client, &cloudwatchlogs.DescribeLogGroupsInput{})
	days := map[string]int32{}
	for pages.HasMorePages() {
		for _, group := range must[*cloudwatchlogs.DescribeLogGroupsOutput](t)(pages.NextPage(t.Context())).LogGroups {
			name := text(group.LogGroupName)
			if group.RetentionInDays == nil {
				t.Errorf("%s is kept for ever", name)
				continue
			}
			days[name] = *group.RetentionInDays
		}
	}
	for _, name := range []string{
		"/aws/eks/" + e.full + "/cluster", "/aws/vpc/" + e.full + "/flow", "/aws/rds/instance/" + e.full + "/postgresql",
		"/aws/containerinsights/" + e.full + "/application", "/aws/containerinsights/" + e.full + "/performance",
		"/aws/mlops/" + e.name + "/inference", "/aws/mlops/" + e.name + "/mlflow", "/aws/mlops/" + e.name + "/training",
	} {
		if days[name] == 0 {
			t.Errorf("there is no log group %s", name)
		}
	}
}

func dimensions(alarm types.MetricAlarm) string {
	found := map[string]string{}
	for _, each := range alarm.Dimensions {
		found[text(each.Name)] = text(each.Value)
	}
	var all []string
	for _, name := range []string{"AutoScalingGroupName", "ClusterName", "DBInstanceIdentifier", "LoadBalancer", "TargetGroup"} {
		if value, there := found[name]; there {
			all = append(all, name+"="+value)
		}
	}
	return strings.Join(all, " ")
}

// suffixOf is the name of the load balancer in its metrics.
func suffixOf(t *testing.T, e environment) string {
	t.Helper()
	balancer := must[*elb.DescribeLoadBalancersOutput](t)(elb.NewFromConfig(e.config).DescribeLoadBalancers(t.Context(),
		&elb.DescribeLoadBalancersInput{Names: []string{e.full}})).LoadBalancers[0]
	_, suffix, _ := strings.Cut(text(balancer.LoadBalancerArn), ":loadbalancer/")
	return suffix
}

// targetSuffix is the name of a target group in its metrics.
func targetSuffix(e environment, target string) string {
	arn := e.facts[target+"TargetGroupArn"]
	return arn[strings.LastIndex(arn, ":")+1:]
}

// gpuGroup is the Auto Scaling group that EKS made for the GPU nodes.
func gpuGroup(t *testing.T, e environment) string {
	t.Helper()
	group := must[*eks.DescribeNodegroupOutput](t)(eks.NewFromConfig(e.config).DescribeNodegroup(t.Context(),
		&eks.DescribeNodegroupInput{ClusterName: ref(e.facts["clusterName"]), NodegroupName: ref("gpu")})).Nodegroup
	return text(group.Resources.AutoScalingGroups[0].Name)
}
