provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  environment                = "test"
  region                     = "eu-west-1"
  cluster_name               = "mlops-test"
  kms_key_arn                = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000001"
  alarm_emails               = ["platform@example.com"]
  budget_usd                 = 800
  gpu_autoscaling_group_name = "eks-gpu-1"
  database                   = { identifier = "mlops-test-db", storage_gib = 20, max_connections = 60 }
  load_balancer = {
    arn_suffix    = "app/mlops-test/1"
    target_groups = { mlflow = "targetgroup/mlflow/1", inference = "targetgroup/inference/2" }
  }
}

# The topic's ARN is known only once it exists, and its policy is made of it.
override_resource {
  target          = aws_sns_topic.alarms
  override_during = plan
  values          = { arn = "arn:aws:sns:eu-west-1:111122223333:mlops-test-alarms" }
}

run "logs_end_and_are_encrypted_with_our_key" {
  command = plan

  assert {
    condition = keys(aws_cloudwatch_log_group.this) == [
      "/aws/containerinsights/mlops-test/application",
      "/aws/containerinsights/mlops-test/dataplane",
      "/aws/containerinsights/mlops-test/host",
      "/aws/containerinsights/mlops-test/performance",
      "/aws/mlops/test/inference",
      "/aws/mlops/test/mlflow",
      "/aws/mlops/test/training",
    ]
    error_message = "Want the four groups of Container Insights and one for each part of the platform."
  }

  assert {
    condition = alltrue([
      for name, group in aws_cloudwatch_log_group.this :
      group.name == name && group.retention_in_days == 30
    ])
    error_message = "A log group keeps its logs for another time than 30 days."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.kms_key_arn])
    error_message = "A log group is not encrypted with our key."
  }
}

run "logs_are_kept_as_long_as_asked" {
  command = plan

  variables {
    log_retention_days = 90
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 90])
    error_message = "log_retention_days does nothing."
  }

  assert {
    condition     = jsonencode(output.guards) == jsonencode({ budget_usd = 800, log_retention_days = 90 })
    error_message = "The guards are told wrong."
  }
}

run "alarms_are_encrypted_and_reach_the_given_addresses" {
  command = plan

  assert {
    condition = (
      aws_sns_topic.alarms.name == "mlops-test-alarms"
      && aws_sns_topic.alarms.kms_master_key_id == var.kms_key_arn
    )
    error_message = "Notifications are not encrypted with our key."
  }

  assert {
    condition = {
      for address, s in aws_sns_topic_subscription.alarms :
      address => [s.topic_arn, s.protocol, s.endpoint]
    } == { "platform@example.com" = [aws_sns_topic.alarms.arn, "email", "platform@example.com"] }
    error_message = "The given addresses, and no others, hear of alarms."
  }
}

run "only_alarms_and_budgets_of_this_account_publish" {
  command = plan

  assert {
    condition     = aws_sns_topic_policy.alarms.arn == aws_sns_topic.alarms.arn
    error_message = "The policy is on another topic."
  }

  # The JSON of a policy about a topic that is not there yet is made by the apply; what it is made of is known. No
  # effect means Allow.
  assert {
    condition = jsonencode(data.aws_iam_policy_document.alarms.statement) == jsonencode([{
      actions        = ["sns:Publish"]
      condition      = [{ test = "StringEquals", values = ["111122223333"], variable = "aws:SourceAccount" }]
      effect         = null
      not_actions    = null
      not_principals = []
      not_resources  = null
      principals     = [{ identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"], type = "Service" }]
      resources      = ["arn:aws:sns:eu-west-1:111122223333:mlops-test-alarms"]
      sid            = null
    }])
    error_message = "The topic takes messages from others than CloudWatch and Budgets of this account."
  }
}

# The whole table: namespace, metric, statistic, dimensions, comparison, threshold, seconds, of how many periods, how many
# of them, and what silence means.
run "alarms_measure_the_right_thing_of_the_right_resource" {
  command = plan

  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.this : name => [
      alarm.namespace, alarm.metric_name, alarm.statistic, jsonencode(alarm.dimensions),
      alarm.comparison_operator, alarm.threshold, alarm.period, alarm.evaluation_periods, alarm.datapoints_to_alarm,
      alarm.treat_missing_data,
      ] } == {
      alb-5xx = [
        "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", jsonencode({ LoadBalancer = "app/mlops-test/1" }),
        "GreaterThanThreshold", 10, 60, 5, 3, "notBreaching",
      ]
      target-5xx = [
        "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum", jsonencode({ LoadBalancer = "app/mlops-test/1" }),
        "GreaterThanThreshold", 10, 60, 5, 3, "notBreaching",
      ]
      inference-unhealthy = [
        "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum",
        jsonencode({ LoadBalancer = "app/mlops-test/1", TargetGroup = "targetgroup/inference/2" }),
        "GreaterThanThreshold", 0, 60, 10, 10, "notBreaching",
      ]
      mlflow-unhealthy = [
        "AWS/ApplicationELB", "UnHealthyHostCount", "Maximum",
        jsonencode({ LoadBalancer = "app/mlops-test/1", TargetGroup = "targetgroup/mlflow/1" }),
        "GreaterThanThreshold", 0, 60, 10, 10, "notBreaching",
      ]
      gpu-node-cpu = [
        "AWS/EC2", "CPUUtilization", "Average", jsonencode({ AutoScalingGroupName = "eks-gpu-1" }),
        "GreaterThanThreshold", 85, 300, 3, 3, "notBreaching",
      ]
      gpu-idle = [
        "ContainerInsights", "node_gpu_utilization", "Maximum", jsonencode({ ClusterName = "mlops-test" }),
        "LessThanThreshold", 1, 900, 8, 8, "notBreaching",
      ]
      database-storage = [
        "AWS/RDS", "FreeStorageSpace", "Minimum", jsonencode({ DBInstanceIdentifier = "mlops-test-db" }),
        "LessThanThreshold", 4294967296, 300, 2, 2, "breaching",
      ]
      database-connections = [
        "AWS/RDS", "DatabaseConnections", "Maximum", jsonencode({ DBInstanceIdentifier = "mlops-test-db" }),
        "GreaterThanThreshold", 60, 300, 2, 2, "breaching",
      ]
      database-cpu = [
        "AWS/RDS", "CPUUtilization", "Average", jsonencode({ DBInstanceIdentifier = "mlops-test-db" }),
        "GreaterThanThreshold", 80, 300, 3, 3, "breaching",
      ]
    }
    error_message = "An alarm measures another thing, of another resource, or rings at another time."
  }
}

run "an_alarm_tells_when_it_begins_and_when_it_ends" {
  command = plan

  assert {
    condition = alltrue([
      for name, alarm in aws_cloudwatch_metric_alarm.this :
      alarm.alarm_name == "mlops-test-${name}"
      && alarm.actions_enabled
      && alarm.alarm_actions == toset([aws_sns_topic.alarms.arn])
      && alarm.ok_actions == toset([aws_sns_topic.alarms.arn])
      && length(alarm.alarm_description) > 20
    ])
    error_message = "An alarm does not go to the topic, or does not say what it means."
  }

  assert {
    condition = (
      toset(output.alarm_names) == toset([for name in keys(aws_cloudwatch_metric_alarm.this) : "mlops-test-${name}"])
      && output.topic_arn == aws_sns_topic.alarms.arn
    )
    error_message = "The outputs name other alarms, or another topic."
  }
}

run "what_the_environment_costs_is_warned_of_before_it_is_spent" {
  command = plan

  assert {
    condition = (
      aws_budgets_budget.this.name == "mlops-test"
      && aws_budgets_budget.this.budget_type == "COST"
      && aws_budgets_budget.this.limit_amount == "800"
      && aws_budgets_budget.this.limit_unit == "USD"
      && aws_budgets_budget.this.time_unit == "MONTHLY"
    )
    error_message = "Want a budget of 800 USD a month."
  }

  assert {
    condition = { for filter in aws_budgets_budget.this.cost_filter : filter.name => filter.values } == {
      TagKeyValue = tolist(["user:Environment$test"])
    }
    error_message = "The budget counts other costs than those of this environment's tag."
  }

  assert {
    condition = {
      for n in aws_budgets_budget.this.notification :
      n.notification_type => [n.comparison_operator, n.threshold, n.threshold_type, one(n.subscriber_sns_topic_arns)]
      } == {
      ACTUAL     = ["GREATER_THAN", 80, "PERCENTAGE", aws_sns_topic.alarms.arn]
      FORECASTED = ["GREATER_THAN", 100, "PERCENTAGE", aws_sns_topic.alarms.arn]
    }
    error_message = "Want a warning at 80 % spent and at 100 % foreseen, to the topic of alarms."
  }
}

run "the_dashboard_shows_every_alarm_and_graphs_of_the_right_resources" {
  command = plan

  # The ARNs of alarms are known only once they exist, and the dashboard names them.
  override_resource {
    target          = aws_cloudwatch_metric_alarm.this
    override_during = plan
    values          = { arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:one" }
  }

  assert {
    condition = (
      length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 7
      && aws_cloudwatch_dashboard.this.dashboard_name == "mlops-test"
    )
    error_message = "Want the alarms and six graphs."
  }

  assert {
    condition = (
      jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].type == "alarm"
      && jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets[0].properties.alarms == [
        for name in keys(aws_cloudwatch_metric_alarm.this) :
        "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:one"
      ]
    )
    error_message = "Not every alarm is on the dashboard."
  }

  assert {
    condition = [
      for widget in slice(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets, 1, 7) :
      [widget.properties.region, widget.properties.stat, widget.properties.metrics]
      ] == [
      ["eu-west-1", "Sum", [
        ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", "app/mlops-test/1"],
        ["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", "LoadBalancer", "app/mlops-test/1"],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", "app/mlops-test/1"],
        ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", "app/mlops-test/1"],
      ]],
      ["eu-west-1", "p95", [
        [
          "AWS/ApplicationELB", "TargetResponseTime", "TargetGroup", "targetgroup/inference/2", "LoadBalancer",
          "app/mlops-test/1", { label = "inference" },
        ],
        [
          "AWS/ApplicationELB", "TargetResponseTime", "TargetGroup", "targetgroup/mlflow/1", "LoadBalancer",
          "app/mlops-test/1", { label = "mlflow" },
        ],
      ]],
      ["eu-west-1", "Average", [
        ["ContainerInsights", "node_gpu_utilization", "ClusterName", "mlops-test"],
        ["ContainerInsights", "node_gpu_memory_utilization", "ClusterName", "mlops-test"],
        ["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", "eks-gpu-1"],
      ]],
      ["eu-west-1", "Average", [
        ["ContainerInsights", "cluster_node_count", "ClusterName", "mlops-test"],
        ["ContainerInsights", "cluster_failed_node_count", "ClusterName", "mlops-test"],
        [
          "ContainerInsights", "namespace_number_of_running_pods", "ClusterName", "mlops-test", "Namespace",
          "inference",
        ],
        ["ContainerInsights", "namespace_number_of_running_pods", "ClusterName", "mlops-test", "Namespace", "training"],
      ]],
      ["eu-west-1", "Maximum", [["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", "mlops-test-db"]]],
      ["eu-west-1", "Minimum", [["AWS/RDS", "FreeStorageSpace", "DBInstanceIdentifier", "mlops-test-db"]]],
    ]
    error_message = "A graph shows another thing, or that of another resource."
  }

  assert {
    condition = (
      output.dashboard_url
      == "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/mlops-test"
    )
    error_message = "The address leads to another dashboard."
  }
}

run "no_two_widgets_are_in_one_place" {
  command = plan

  override_resource {
    target          = aws_cloudwatch_metric_alarm.this
    override_during = plan
    values          = { arn = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:one" }
  }

  assert {
    condition = (
      length(
        distinct([
          for widget in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets :
          "${widget.x},${widget.y}"
        ])
      )
      == 7
    )
    error_message = "Two widgets are in one place."
  }
}

run "alarms_that_nobody_hears_are_refused" {
  command = plan

  variables {
    alarm_emails = []
  }

  expect_failures = [var.alarm_emails]
}

run "an_address_that_is_none_is_refused" {
  command = plan

  variables {
    alarm_emails = ["platform"]
  }

  expect_failures = [var.alarm_emails]
}

run "no_budget_is_refused" {
  command = plan

  variables {
    budget_usd = 0
  }

  expect_failures = [var.budget_usd]
}

run "a_key_of_aws_is_refused" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/sns"
  }

  expect_failures = [var.kms_key_arn]
}

run "logs_for_a_day_are_refused" {
  command = plan

  variables {
    log_retention_days = 1
  }

  expect_failures = [var.log_retention_days]
}

run "logs_without_an_end_are_refused" {
  command = plan

  variables {
    log_retention_days = 0
  }

  expect_failures = [var.log_retention_days]
}

run "a_database_without_a_size_is_refused" {
  command = plan

  variables {
    database = { identifier = "mlops-test-db", storage_gib = 0, max_connections = 60 }
  }

  expect_failures = [var.database]
}
