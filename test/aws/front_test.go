package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/acm"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
)

// checkFront follows a request: name, load balancer, listener, rule, target group.
func checkFront(t *testing.T, e environment) {
	t.Helper()
	ctx, client := t.Context(), elb.NewFromConfig(e.config)
	balancer := must[*elb.DescribeLoadBalancersOutput](t)(client.DescribeLoadBalancers(ctx,
		&elb.DescribeLoadBalancersInput{Names: []string{e.full}})).LoadBalancers[0]
	want(t, "inside the network only", types.LoadBalancerSchemeEnumInternal, balancer.Scheme)
	var subnets []string
	for _, zone := range balancer.AvailabilityZones {
		subnets = append(subnets, text(zone.SubnetId))
	}
	slices.Sort(subnets)
	if diff := cmp.Diff(private(t, e), subnets); diff != "" {
		t.Errorf("where it is, against the private subnets:\n%s", diff)
	}
	attributes := map[string]string{}
	for _, each := range must[*elb.DescribeLoadBalancerAttributesOutput](t)(client.DescribeLoadBalancerAttributes(ctx,
		&elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: balancer.LoadBalancerArn})).Attributes {
		attributes[text(each.Key)] = text(each.Value)
	}
	want(t, "guarded against deletion", map[bool]string{false: "false", true: "true"}[e.prod], attributes["deletion_protection.enabled"])
	want(t, "headers that are none are dropped", "true", attributes["routing.http.drop_invalid_header_fields.enabled"])

	listeners := must[*elb.DescribeListenersOutput](t)(client.DescribeListeners(ctx,
		&elb.DescribeListenersInput{LoadBalancerArn: balancer.LoadBalancerArn})).Listeners
	var https types.Listener
	for _, each := range listeners {
		switch *each.Port {
		case 80:
			redirect := each.DefaultActions[0].RedirectConfig
			if redirect == nil || text(redirect.Protocol) != "HTTPS" {
				t.Errorf("port 80 answers by itself: %v", each.DefaultActions)
			}
		case 443:
			https = each
		}
	}
	want(t, "listeners", 2, len(listeners))
	want(t, "TLS 1.2 at least", "ELBSecurityPolicy-TLS13-1-2-2021-06", text(https.SslPolicy))
	checkRules(t, e, client, https)
	checkNames(t, e, balancer, text(https.Certificates[0].CertificateArn))
}

// checkRules sees to it that each name leads to its own pods, and any other name to none.
func checkRules(t *testing.T, e environment, client *elb.Client, https types.Listener) {
	t.Helper()
	leads := map[string]string{}
	for _, rule := range must[*elb.DescribeRulesOutput](t)(client.DescribeRules(t.Context(),
		&elb.DescribeRulesInput{ListenerArn: https.ListenerArn})).Rules {
		if text(rule.Priority) == "default" {
			want(t, "any other name", "404", text(rule.Actions[0].FixedResponseConfig.StatusCode))
			continue
		}
		condition := rule.Conditions[0]
		host := ""
		if condition.HostHeaderConfig != nil {
			host = strings.Join(condition.HostHeaderConfig.Values, " ")
		} else {
			host = strings.Join(condition.Values, " ")
		}
		leads[host] = text(rule.Actions[0].TargetGroupArn)
	}
	wanted := map[string]string{
		e.facts["mlflowHost"]:    e.facts["mlflowTargetGroupArn"],
		e.facts["inferenceHost"]: e.facts["inferenceTargetGroupArn"],
	}
	if diff := cmp.Diff(wanted, leads); diff != "" {
		t.Errorf("where names lead to:\n%s", diff)
	}
	for _, arn := range wanted {
		group := must[*elb.DescribeTargetGroupsOutput](t)(client.DescribeTargetGroups(t.Context(),
			&elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})).TargetGroups[0]
		want(t, "pods join by address", types.TargetTypeEnumIp, group.TargetType)
	}
}

// checkNames sees to it that names and certificate are of this environment, and the names lead to its load balancer.
func checkNames(t *testing.T, e environment, balancer types.LoadBalancer, certificate string) {
	t.Helper()
	hosts := []string{e.facts["inferenceHost"], e.facts["mlflowHost"]}
	slices.Sort(hosts)
	found := must[*acm.DescribeCertificateOutput](t)(acm.NewFromConfig(e.config).DescribeCertificate(t.Context(),
		&acm.DescribeCertificateInput{CertificateArn: &certificate})).Certificate
	covered := slices.Sorted(slices.Values(append([]string{text(found.DomainName)}, found.SubjectAlternativeNames...)))
	if diff := cmp.Diff(hosts, slices.Compact(covered)); diff != "" {
		t.Errorf("names of the certificate:\n%s", diff)
	}

	client := route53.NewFromConfig(e.config)
	domain := strings.TrimPrefix(e.facts["mlflowHost"], "mlflow.")
	zones := must[*route53.ListHostedZonesByNameOutput](t)(client.ListHostedZonesByName(t.Context(),
		&route53.ListHostedZonesByNameInput{DNSName: &domain})).HostedZones
	i := slices.IndexFunc(zones, func(z route53types.HostedZone) bool { return text(z.Name) == domain+"." })
	if i < 0 {
		t.Fatalf("no zone %s", domain)
	}
	records := must[*route53.ListResourceRecordSetsOutput](t)(client.ListResourceRecordSets(t.Context(),
		&route53.ListResourceRecordSetsInput{HostedZoneId: zones[i].Id})).ResourceRecordSets
	for _, host := range hosts {
		r := slices.IndexFunc(records, func(r route53types.ResourceRecordSet) bool {
			return strings.TrimSuffix(text(r.Name), ".") == host && r.AliasTarget != nil
		})
		if r < 0 {
			t.Errorf("%s has no record", host)
			continue
		}
		want(t, "where "+host+" leads to", text(balancer.DNSName), strings.TrimSuffix(text(records[r].AliasTarget.DNSName), "."))
	}
}
