package estimate

import (
	"fmt"
	"strings"
)

// A rule says what a resource of one type costs.
type rule func(*calculation, resource)

// rules has the types that are charged for. A type that is neither here nor free is an error.
var rules = map[string]rule{
	"aws_cloudwatch_dashboard":    perMonth("dashboard", "dashboard_month"),
	"aws_cloudwatch_log_group":    logGroup,
	"aws_cloudwatch_metric_alarm": perMonth("alarm", "alarm_month"),
	"aws_db_instance":             database,
	"aws_eip":                     perHour("public address", "public_ipv4_hour"),
	"aws_eks_cluster":             perHour("control plane", "eks_cluster_hour"),
	"aws_eks_node_group":          nodeGroup,
	"aws_kms_key":                 perMonth("key", "kms_key_month"),
	"aws_lb":                      loadBalancer,
	"aws_nat_gateway":             perHour("NAT gateway", "nat_gateway_hour"),
	"aws_route53_zone":            perMonth("hosted zone", "hosted_zone_month"),
	"aws_s3_bucket":               bucket,
	"aws_secretsmanager_secret":   perMonth("secret", "secret_month"),
	"aws_vpc_endpoint":            endpoint,
}

var unitsUsed = []string{
	"alarm_month", "container_insights_million", "dashboard_month", "ebs_gp3_gb_month", "eks_cluster_hour",
	"hosted_zone_month", "internet_out_gb", "kms_key_month", "load_balancer_hour", "load_balancer_unit_hour",
	"logs_in_gb", "logs_kept_gb_month", "nat_gateway_gb", "nat_gateway_hour", "public_ipv4_hour", "rds_gp3_gb_month",
	"s3_standard_gb_month", "secret_month",
}

func perMonth(what, unit string) rule {
	return func(c *calculation, r resource) { c.add(r, what, 1, "month", c.prices.Units[unit]) }
}

func perHour(what, unit string) rule {
	return func(c *calculation, r resource) { c.add(r, what, c.assumed.Hours, "hour", c.prices.Units[unit]) }
}

// nodeGroup counts the nodes that are wanted: an autoscaler may have others.
func nodeGroup(c *calculation, r resource) {
	types, _ := r.values["instance_types"].([]any)
	size := r.block("scaling_config")
	nodes, known := size["desired_size"].(float64)
	if !known || len(types) == 0 {
		c.unknown(r, "the number or the type of its nodes is known after apply only")
		return
	}
	if nodes == 0 {
		return
	}
	if r.text("capacity_type") == "SPOT" {
		c.unknown(r, "the price of Spot changes by the hour")
	} else if price, ok := c.prices.Instances[fmt.Sprint(types[0])]; ok {
		c.add(r, fmt.Sprintf("%g × %v", nodes, types[0]), nodes*c.assumed.Hours, "hour", price)
	} else {
		c.unknown(r, fmt.Sprintf("no price for the instance type %v", types[0]))
	}

	million := nodes * c.assumed.ContainerInsightsMillionPerNode
	c.add(r, "Container Insights", million, "million", c.prices.Units["container_insights_million"])

	disk, known := c.diskOf(r)
	if !known {
		c.unknown(r, "the size of the nodes' disks is in no launch template beside it")
		return
	}
	c.add(r, fmt.Sprintf("%g × disk of %g GB", nodes, disk), nodes*disk, "GB", c.prices.Units["ebs_gp3_gb_month"])
}

// database counts instance and disk; backups up to the size of the disk are free.
func database(c *calculation, r resource) {
	copies := 1.0
	standby := ""
	if on, _ := r.values["multi_az"].(bool); on {
		copies, standby = 2, " and a standby"
	}
	class := r.text("instance_class")
	if price, ok := c.prices.Databases[class]; ok && r.text("engine") == "postgres" {
		c.add(r, class+standby, copies*c.assumed.Hours, "hour", price)
	} else {
		c.unknown(r, fmt.Sprintf("no price for %s of the class %q", r.text("engine"), class))
	}
	size, known := r.values["allocated_storage"].(float64)
	if !known || r.text("storage_type") != "gp3" {
		c.unknown(r, "no price for its disk: it is not gp3, or its size is known after apply only")
	} else {
		c.add(r, "disk of the database", copies*size, "GB", c.prices.Units["rds_gp3_gb_month"])
	}
	if managed, _ := r.values["manage_master_user_password"].(bool); managed {
		c.add(r, "secret of the master user", 1, "month", c.prices.Units["secret_month"])
	}
}

func loadBalancer(c *calculation, r resource) {
	if kind := r.text("load_balancer_type"); kind != "application" {
		c.unknown(r, fmt.Sprintf("no price for a load balancer of the type %q", kind))
		return
	}
	c.add(r, "load balancer", c.assumed.Hours, "hour", c.prices.Units["load_balancer_hour"])
	used := c.assumed.LoadBalancerUnits * c.assumed.Hours
	c.add(r, "load balancer, its use", used, "unit-hour", c.prices.Units["load_balancer_unit_hour"])
}

func endpoint(c *calculation, r resource) {
	if kind := r.text("vpc_endpoint_type"); kind != "Gateway" {
		c.unknown(r, fmt.Sprintf("no price for an endpoint of the type %q", kind))
	}
}

func bucket(c *calculation, r resource) {
	name := r.text("bucket")
	for short, gb := range c.assumed.BucketsGB {
		if strings.Contains(name, "-"+short+"-") {
			c.add(r, "objects in "+short, gb, "GB", c.prices.Units["s3_standard_gb_month"])
			return
		}
	}
	c.unknown(r, fmt.Sprintf("buckets_gb does not say how much is in %s", name))
}

// logGroup counts what comes in and what of it is still there: retention_in_days of it.
func logGroup(c *calculation, r resource) {
	name := r.text("name")
	longest, found := "", false
	for prefix := range c.assumed.LogsInGB {
		if strings.HasPrefix(name, prefix) && len(prefix) >= len(longest) {
			longest, found = prefix, true
		}
	}
	if !found {
		c.unknown(r, fmt.Sprintf("logs_in_gb says nothing of %s", name))
		return
	}
	gb := c.assumed.LogsInGB[longest]
	c.add(r, "logs, taken in", gb, "GB", c.prices.Units["logs_in_gb"])
	days, known := r.values["retention_in_days"].(float64)
	if !known || days == 0 {
		c.unknown(r, "its logs are kept without an end")
		return
	}
	c.add(r, "logs, kept", gb*days/30, "GB", c.prices.Units["logs_kept_gb_month"])
}
