provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name                  = "mlops-test"
  vpc_id                = "vpc-1"
  subnet_ids            = ["subnet-1", "subnet-2"]
  pod_security_group_id = "sg-pods"
  allowed_cidrs         = ["10.0.0.0/8", "192.168.7.0/24"]
  certificate_arn       = "arn:aws:acm:eu-west-1:111122223333:certificate/0001"
  targets = {
    mlflow    = { host = "mlflow.example.com", port = 5000, health_path = "/health" }
    inference = { host = "inference.example.com", port = 8080, health_path = "/readyz" }
  }
}

# What AWS names is known only once it exists; the rules and listeners must refer to these and not to others.
override_resource {
  target          = aws_security_group.this
  override_during = plan
  values          = { id = "sg-alb" }
}

override_resource {
  target          = aws_lb_target_group.this["mlflow"]
  override_during = plan
  values = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-test-mlflow/1"
    arn_suffix = "targetgroup/mlops-test-mlflow/1"
  }
}

override_resource {
  target          = aws_lb_target_group.this["inference"]
  override_during = plan
  values = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/mlops-test-inference/2"
    arn_suffix = "targetgroup/mlops-test-inference/2"
  }
}

override_resource {
  target          = aws_lb_listener.https
  override_during = plan
  values          = { arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/mlops-test/1/443" }
}

override_resource {
  target          = aws_lb.this
  override_during = plan
  values = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/mlops-test/1"
    arn_suffix = "app/mlops-test/1"
    dns_name   = "internal-mlops-test-1.eu-west-1.elb.amazonaws.com"
    zone_id    = "Z32O12XQLNTSW2"
  }
}

run "the_load_balancer_has_no_public_address" {
  command = plan

  assert {
    condition = (
      aws_lb.this.name == "mlops-test"
      && aws_lb.this.internal
      && aws_lb.this.load_balancer_type == "application"
      && aws_lb.this.subnets == toset(["subnet-1", "subnet-2"])
    )
    error_message = "Want an internal application load balancer in the given subnets."
  }
}

run "the_load_balancer_faces_the_internet_only_when_asked" {
  command = plan

  variables {
    internet_facing = true
  }

  assert {
    condition     = !aws_lb.this.internal
    error_message = "internet_facing does nothing."
  }
}

run "the_load_balancer_is_not_deleted_by_mistake" {
  command = plan

  assert {
    condition     = aws_lb.this.enable_deletion_protection
    error_message = "Deletion protection is off."
  }
}

run "requests_that_smuggle_others_are_dropped" {
  command = plan

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields
    error_message = "Invalid header fields reach the pods."
  }

  assert {
    condition     = aws_lb.this.desync_mitigation_mode == "strictest"
    error_message = "Ambiguous requests reach the pods."
  }
}

run "http_only_redirects_to_https" {
  command = plan

  assert {
    condition = (
      aws_lb_listener.http.load_balancer_arn == aws_lb.this.arn
      && aws_lb_listener.http.port == 80
      && aws_lb_listener.http.protocol == "HTTP"
      && one(aws_lb_listener.http.default_action).type == "redirect"
      && one(one(aws_lb_listener.http.default_action).redirect).protocol == "HTTPS"
      && one(one(aws_lb_listener.http.default_action).redirect).port == "443"
      && one(one(aws_lb_listener.http.default_action).redirect).status_code == "HTTP_301"
    )
    error_message = "Port 80 does something else than to redirect to HTTPS for good."
  }

  # The load balancer's own placeholders: what was asked for stays.
  assert {
    condition = (
      one(one(aws_lb_listener.http.default_action).redirect).host == "#{host}"
      && one(one(aws_lb_listener.http.default_action).redirect).path == "/#{path}"
      && one(one(aws_lb_listener.http.default_action).redirect).query == "#{query}"
    )
    error_message = "A redirect leads to another host or page."
  }
}

run "https_is_tls_1_2_or_1_3_with_the_given_certificate" {
  command = plan

  assert {
    condition = (
      aws_lb_listener.https.load_balancer_arn == aws_lb.this.arn
      && aws_lb_listener.https.port == 443
      && aws_lb_listener.https.protocol == "HTTPS"
      && aws_lb_listener.https.certificate_arn == "arn:aws:acm:eu-west-1:111122223333:certificate/0001"
    )
    error_message = "Port 443 is not HTTPS with the given certificate."
  }

  assert {
    condition     = aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "The TLS policy lets in versions before 1.2, or weak ciphers."
  }
}

run "a_name_that_nobody_asked_for_reaches_no_pod" {
  command = plan

  assert {
    condition = (
      one(aws_lb_listener.https.default_action).type == "fixed-response"
      && one(one(aws_lb_listener.https.default_action).fixed_response).status_code == "404"
    )
    error_message = "An unknown host is answered by something else than a 404."
  }
}

run "a_host_leads_to_its_own_pods" {
  command = plan

  assert {
    condition = { for name, rule in aws_lb_listener_rule.this : name => {
      listener = rule.listener_arn
      priority = rule.priority
      hosts    = one(one(rule.condition).host_header).values
      action   = one(rule.action).type
      target   = one(rule.action).target_group_arn
      } } == {
      inference = {
        listener = aws_lb_listener.https.arn
        priority = 10
        hosts    = toset(["inference.example.com"])
        action   = "forward"
        target   = aws_lb_target_group.this["inference"].arn
      }
      mlflow = {
        listener = aws_lb_listener.https.arn
        priority = 20
        hosts    = toset(["mlflow.example.com"])
        action   = "forward"
        target   = aws_lb_target_group.this["mlflow"].arn
      }
    }
    error_message = "Want one rule per host on the HTTPS listener, to the target group of the same name."
  }
}

run "only_the_named_ranges_reach_the_load_balancer" {
  command = plan

  assert {
    condition     = aws_lb.this.security_groups == toset(["sg-alb"]) && aws_security_group.this.vpc_id == "vpc-1"
    error_message = "The load balancer is in another security group than its own."
  }

  # Rules within the group, or other rules for it, would let in more.
  assert {
    condition     = length(aws_security_group.this.ingress) == 0 && length(aws_security_group.this.egress) == 0
    error_message = "The security group has rules of its own."
  }

  assert {
    condition = {
      for name, rule in aws_vpc_security_group_ingress_rule.clients :
      name => [rule.security_group_id, rule.cidr_ipv4, rule.ip_protocol, rule.from_port, rule.to_port]
      } == {
      "10.0.0.0/8:80"      = ["sg-alb", "10.0.0.0/8", "tcp", 80, 80]
      "10.0.0.0/8:443"     = ["sg-alb", "10.0.0.0/8", "tcp", 443, 443]
      "192.168.7.0/24:80"  = ["sg-alb", "192.168.7.0/24", "tcp", 80, 80]
      "192.168.7.0/24:443" = ["sg-alb", "192.168.7.0/24", "tcp", 443, 443]
    }
    error_message = "Want the named ranges, on ports 80 and 443, and nothing else."
  }
}

run "the_load_balancer_reaches_the_pods_on_their_ports_only" {
  command = plan

  assert {
    condition = {
      for name, rule in aws_vpc_security_group_egress_rule.pods :
      name => [
        rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port,
      ]
      } == {
      inference = ["sg-alb", "sg-pods", "tcp", 8080, 8080]
      mlflow    = ["sg-alb", "sg-pods", "tcp", 5000, 5000]
    }
    error_message = "The load balancer may reach more than the pods' ports."
  }

  assert {
    condition = {
      for name, rule in aws_vpc_security_group_ingress_rule.pods :
      name => [
        rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port,
      ]
      } == {
      inference = ["sg-pods", "sg-alb", "tcp", 8080, 8080]
      mlflow    = ["sg-pods", "sg-alb", "tcp", 5000, 5000]
    }
    error_message = "The pods let in others than the load balancer, or on other ports."
  }
}

run "only_a_pod_that_says_it_is_ready_gets_requests" {
  command = plan

  assert {
    condition = {
      for name, group in aws_lb_target_group.this :
      name => [group.name, group.vpc_id, group.target_type, group.protocol, group.port]
      } == {
      inference = ["mlops-test-inference", "vpc-1", "ip", "HTTP", 8080]
      mlflow    = ["mlops-test-mlflow", "vpc-1", "ip", "HTTP", 5000]
    }
    error_message = "Want one target group of pod addresses per target."
  }

  assert {
    condition = {
      for name, group in aws_lb_target_group.this :
      name => one([
        for check in group.health_check :
        [check.path, check.matcher, check.interval, check.timeout, check.healthy_threshold, check.unhealthy_threshold]
      ])
      } == {
      inference = ["/readyz", "200", 10, 5, 2, 3]
      mlflow    = ["/health", "200", 10, 5, 2, 3]
    }
    error_message = "Want each target's own path asked for every 10 s: out after 3 failures, in after 2 answers of 200."
  }
}

run "a_pod_that_stops_finishes_its_requests" {
  command = plan

  assert {
    condition = alltrue([
      for group in aws_lb_target_group.this :
      tonumber(group.deregistration_delay) == 15 && group.load_balancing_algorithm_type == "least_outstanding_requests"
    ])
    error_message = "Want 15 s to finish, as the Deployments' preStop, and new requests to the least busy pod."
  }

  assert {
    condition     = aws_lb.this.idle_timeout == 60
    error_message = "Want idle connections closed after 60 s, before the services close theirs."
  }
}

run "the_outputs_are_of_the_load_balancer_and_its_target_groups" {
  command = plan

  assert {
    condition = (
      output.arn_suffix == "app/mlops-test/1"
      && output.dns_name == aws_lb.this.dns_name
      && output.zone_id == "Z32O12XQLNTSW2"
    )
    error_message = "The outputs are not of the load balancer."
  }

  assert {
    condition     = output.target_group_arns == { for name, group in aws_lb_target_group.this : name => group.arn }
    error_message = "The outputs mix up the target groups."
  }

  assert {
    condition = output.target_group_arn_suffixes == {
      inference = "targetgroup/mlops-test-inference/2"
      mlflow    = "targetgroup/mlops-test-mlflow/1"
    }
    error_message = "The outputs mix up the target groups."
  }

  assert {
    condition = jsonencode(output.guards) == jsonencode({
      deletion_protection = true
      internal            = true
      clients             = ["10.0.0.0/8", "192.168.7.0/24"]
    })
    error_message = "The guards are told wrong."
  }
}

run "everybody_is_refused" {
  command = plan

  variables {
    allowed_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "everybody_is_refused_on_the_internet_too" {
  command = plan

  variables {
    internet_facing = true
    allowed_cidrs   = ["10.0.0.0/8", "0.0.0.0/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "everybody_in_two_halves_is_refused" {
  command = plan

  variables {
    allowed_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "everybody_by_ipv6_is_refused" {
  command = plan

  variables {
    allowed_cidrs = ["::/0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "a_range_that_is_none_is_refused" {
  command = plan

  variables {
    allowed_cidrs = ["10.0.0.0"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "a_range_that_begins_elsewhere_is_refused" {
  command = plan

  variables {
    allowed_cidrs = ["10.1.2.3/8"]
  }

  expect_failures = [var.allowed_cidrs]
}

run "no_client_at_all_is_refused" {
  command = plan

  variables {
    allowed_cidrs = []
  }

  expect_failures = [var.allowed_cidrs]
}

run "one_zone_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-1", "subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_name_too_long_for_a_target_group_is_refused" {
  command = plan

  variables {
    name = "mlops-environment-one"
  }

  expect_failures = [var.name]
}

run "a_target_name_too_long_for_a_target_group_is_refused" {
  command = plan

  variables {
    targets = { inference-api = { host = "inference.example.com", port = 8080, health_path = "/readyz" } }
  }

  expect_failures = [var.targets]
}

run "a_target_for_every_host_is_refused" {
  command = plan

  variables {
    targets = { mlflow = { host = "*.example.com", port = 5000, health_path = "/health" } }
  }

  expect_failures = [var.targets]
}

run "two_targets_of_one_host_are_refused" {
  command = plan

  variables {
    targets = {
      mlflow    = { host = "mlops.example.com", port = 5000, health_path = "/health" }
      inference = { host = "mlops.example.com", port = 8080, health_path = "/readyz" }
    }
  }

  expect_failures = [var.targets]
}

run "a_health_path_without_a_slash_is_refused" {
  command = plan

  variables {
    targets = { mlflow = { host = "mlflow.example.com", port = 5000, health_path = "health" } }
  }

  expect_failures = [var.targets]
}

run "a_port_that_is_none_is_refused" {
  command = plan

  variables {
    targets = { mlflow = { host = "mlflow.example.com", port = 0, health_path = "/health" } }
  }

  expect_failures = [var.targets]
}
