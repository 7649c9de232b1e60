# Plans with the real provider and dummy keys: nothing is called.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  availability_zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  cluster_name       = "mlops-test"
  kms_key_arn        = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  name               = "mlops-test"
  region             = "eu-west-1"
}

# Ids are known only once something exists. A network is made of who refers to whom, so each gets a name here.
override_resource {
  target          = aws_vpc.this
  override_during = plan
  values          = { id = "vpc" }
}

override_resource {
  target          = aws_default_security_group.this
  override_during = plan
}

override_resource {
  target          = aws_internet_gateway.this
  override_during = plan
  values          = { id = "internet gateway" }
}

override_resource {
  target          = aws_route_table.public
  override_during = plan
  values          = { id = "public table" }
}

override_resource {
  target          = aws_route_table.private["eu-west-1a"]
  override_during = plan
  values          = { id = "private table a" }
}

override_resource {
  target          = aws_route_table.private["eu-west-1b"]
  override_during = plan
  values          = { id = "private table b" }
}

override_resource {
  target          = aws_route_table.private["eu-west-1c"]
  override_during = plan
  values          = { id = "private table c" }
}

override_resource {
  target          = aws_subnet.public["eu-west-1a"]
  override_during = plan
  values          = { id = "public subnet a" }
}

override_resource {
  target          = aws_subnet.public["eu-west-1b"]
  override_during = plan
  values          = { id = "public subnet b" }
}

override_resource {
  target          = aws_subnet.public["eu-west-1c"]
  override_during = plan
  values          = { id = "public subnet c" }
}

override_resource {
  target          = aws_subnet.private["eu-west-1a"]
  override_during = plan
  values          = { id = "private subnet a" }
}

override_resource {
  target          = aws_subnet.private["eu-west-1b"]
  override_during = plan
  values          = { id = "private subnet b" }
}

override_resource {
  target          = aws_subnet.private["eu-west-1c"]
  override_during = plan
  values          = { id = "private subnet c" }
}

override_resource {
  target          = aws_nat_gateway.this["eu-west-1a"]
  override_during = plan
  values          = { id = "nat a" }
}

override_resource {
  target          = aws_nat_gateway.this["eu-west-1b"]
  override_during = plan
  values          = { id = "nat b" }
}

override_resource {
  target          = aws_nat_gateway.this["eu-west-1c"]
  override_during = plan
  values          = { id = "nat c" }
}

override_resource {
  target          = aws_cloudwatch_log_group.flow
  override_during = plan
  values          = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:flow" }
}

override_resource {
  target          = aws_iam_role.flow
  override_during = plan
  values          = { id = "flow role", arn = "arn:aws:iam::111122223333:role/flow" }
}

run "each_zone_has_a_public_and_a_private_subnet" {
  command = plan

  assert {
    condition = aws_vpc.this.cidr_block == "10.0.0.0/16" && {
      for zone, subnet in aws_subnet.private :
      zone => [subnet.vpc_id, subnet.availability_zone, subnet.cidr_block]
      } == {
      eu-west-1a = ["vpc", "eu-west-1a", "10.0.0.0/20"]
      eu-west-1b = ["vpc", "eu-west-1b", "10.0.16.0/20"]
      eu-west-1c = ["vpc", "eu-west-1c", "10.0.32.0/20"]
    }
    error_message = "Want a private /20 in each zone."
  }

  assert {
    condition = {
      for zone, subnet in aws_subnet.public :
      zone => [subnet.vpc_id, subnet.availability_zone, subnet.cidr_block]
      } == {
      eu-west-1a = ["vpc", "eu-west-1a", "10.0.240.0/24"]
      eu-west-1b = ["vpc", "eu-west-1b", "10.0.241.0/24"]
      eu-west-1c = ["vpc", "eu-west-1c", "10.0.242.0/24"]
    }
    error_message = "Want a public /24 in each zone."
  }

  assert {
    condition = (
      output.private_subnet_ids == ["private subnet a", "private subnet b", "private subnet c"]
      && output.public_subnet_ids == ["public subnet a", "public subnet b", "public subnet c"]
    )
    error_message = "The outputs give the subnets in the order of the zones."
  }

  assert {
    condition = (
      output.id == "vpc"
      && output.cidr == "10.0.0.0/16"
      && aws_vpc.this.enable_dns_support
      && aws_vpc.this.enable_dns_hostnames
    )
    error_message = "EKS wants names in the VPC."
  }
}

run "nothing_gets_a_public_address_by_itself" {
  command = plan

  assert {
    condition = !anytrue([
      for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) :
      subnet.map_public_ip_on_launch
    ])
    error_message = "Only a NAT gateway and a load balancer have public addresses, and they bring their own."
  }
}

run "a_private_subnet_reaches_the_internet_through_its_own_zone_only" {
  command = plan

  assert {
    condition = {
      for zone, gateway in aws_nat_gateway.this :
      zone => [gateway.subnet_id, coalesce(gateway.connectivity_type, "public")]
      } == {
      eu-west-1a = ["public subnet a", "public"]
      eu-west-1b = ["public subnet b", "public"]
      eu-west-1c = ["public subnet c", "public"]
    }
    error_message = "Unless asked for, want a NAT gateway in each zone's public subnet."
  }

  assert {
    condition = {
      for zone, route in aws_route.nat :
      zone => [route.route_table_id, route.destination_cidr_block, route.nat_gateway_id]
      } == {
      eu-west-1a = ["private table a", "0.0.0.0/0", "nat a"]
      eu-west-1b = ["private table b", "0.0.0.0/0", "nat b"]
      eu-west-1c = ["private table c", "0.0.0.0/0", "nat c"]
    }
    error_message = "Each private table must go out through the NAT gateway of its zone."
  }

  assert {
    condition = {
      for zone, association in aws_route_table_association.private :
      zone => [association.subnet_id, association.route_table_id]
      } == {
      eu-west-1a = ["private subnet a", "private table a"]
      eu-west-1b = ["private subnet b", "private table b"]
      eu-west-1c = ["private subnet c", "private table c"]
    }
    error_message = "Each private subnet must use the private table of its zone."
  }

  assert {
    condition = alltrue([
      for zone in var.availability_zones :
      aws_route.nat[zone].gateway_id == null && length(aws_route_table.private[zone].route) == 0 && aws_route_table.private[zone].vpc_id == "vpc"
    ])
    error_message = "A private table has no other route."
  }

  assert {
    condition = {
      for zone, address in aws_eip.nat :
      zone => address.domain
    } == { eu-west-1a = "vpc", eu-west-1b = "vpc", eu-west-1c = "vpc" }
    error_message = "Want an address that stays for each NAT gateway: others allow it by name."
  }
}

run "only_public_subnets_are_reached_from_the_internet" {
  command = plan

  assert {
    condition = (
      aws_route.internet.route_table_id == "public table"
      && aws_route.internet.destination_cidr_block == "0.0.0.0/0"
      && aws_route.internet.gateway_id == "internet gateway"
      && aws_internet_gateway.this.vpc_id == "vpc"
    )
    error_message = "The internet gateway is a route of the public table."
  }

  assert {
    condition = {
      for zone, association in aws_route_table_association.public :
      zone => [association.subnet_id, association.route_table_id]
      } == {
      eu-west-1a = ["public subnet a", "public table"]
      eu-west-1b = ["public subnet b", "public table"]
      eu-west-1c = ["public subnet c", "public table"]
    }
    error_message = "The public table is that of the public subnets."
  }
}

run "one_nat_gateway_for_all_zones_has_to_be_asked_for" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b"]
    single_nat_gateway = true
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-west-1a"] && keys(aws_eip.nat) == ["eu-west-1a"]
    error_message = "Want one NAT gateway, in the first zone."
  }

  assert {
    condition = {
      for zone, route in aws_route.nat :
      zone => [route.route_table_id, route.nat_gateway_id]
    } == { eu-west-1a = ["private table a", "nat a"], eu-west-1b = ["private table b", "nat a"] }
    error_message = "Both private tables must go out through it."
  }
}

run "traffic_to_s3_stays_off_the_nat_gateways" {
  command = plan

  assert {
    condition = (
      aws_vpc_endpoint.s3.vpc_id == "vpc"
      && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
      && aws_vpc_endpoint.s3.service_name == "com.amazonaws.eu-west-1.s3"
    )
    error_message = "Want a gateway endpoint for S3 of the region: it is free."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.route_table_ids == toset(["private table a", "private table b", "private table c"])
    error_message = "All private tables must have it."
  }
}

run "what_is_in_no_security_group_of_its_own_talks_to_nobody" {
  command = plan

  assert {
    condition = (
      aws_default_security_group.this.vpc_id == "vpc"
      && length(aws_default_security_group.this.ingress) == 0
      && length(aws_default_security_group.this.egress) == 0
    )
    error_message = "The default security group must have no rule, in or out."
  }
}

run "who_talked_to_whom_is_on_record" {
  command = plan

  assert {
    condition     = aws_flow_log.this.vpc_id == "vpc" && aws_flow_log.this.traffic_type == "ALL"
    error_message = "Want all traffic of the VPC, not only what was accepted or rejected."
  }

  assert {
    condition = (
      aws_flow_log.this.log_destination_type == "cloud-watch-logs"
      && aws_flow_log.this.log_destination == aws_cloudwatch_log_group.flow.arn
      && aws_flow_log.this.iam_role_arn == aws_iam_role.flow.arn
    )
    error_message = "The record must go to the log group of this module, by its role."
  }

  assert {
    condition = (
      aws_cloudwatch_log_group.flow.name == "/aws/vpc/mlops-test/flow"
      && aws_cloudwatch_log_group.flow.retention_in_days == 90
      && aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn
    )
    error_message = "Want 90 days."
  }
}

run "the_role_of_the_flow_logs_writes_there_and_nowhere_else" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.flow.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
    error_message = "Only flow logs may take the role."
  }

  # A document that refers to a resource is read at apply: what it will say is known now.
  assert {
    condition = [
      for statement in data.aws_iam_policy_document.flow.statement :
      [coalesce(statement.effect, "Allow"), sort(statement.actions), sort(statement.resources)]
      ] == [[
        "Allow",
        tolist(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]),
        tolist(["arn:aws:logs:eu-west-1:111122223333:log-group:flow:*"]),
    ]]
    error_message = "Want streams and events of the one group, and nothing more."
  }

  assert {
    condition     = aws_iam_role_policy.flow.role == aws_iam_role.flow.id
    error_message = "The policy must be the role's."
  }
}

run "load_balancers_and_karpenter_find_their_subnets_by_tag" {
  command = plan

  assert {
    condition = alltrue([for zone in var.availability_zones :
      aws_subnet.public[zone].tags["kubernetes.io/role/elb"] == "1"
      && lookup(aws_subnet.public[zone].tags, "karpenter.sh/discovery", null) == null
    ])
    error_message = "Public subnets are for public load balancers, never for nodes."
  }

  assert {
    condition = alltrue([for zone in var.availability_zones :
      aws_subnet.private[zone].tags["kubernetes.io/role/internal-elb"] == "1"
      && aws_subnet.private[zone].tags["karpenter.sh/discovery"] == "mlops-test"
    ])
    error_message = "Private subnets are for internal load balancers and the cluster's nodes."
  }
}

run "another_range_moves_all_subnets" {
  command = plan

  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b"]
    cidr               = "172.31.0.0/16"
  }

  assert {
    condition = [
      for zone in var.availability_zones :
      [aws_subnet.private[zone].cidr_block, aws_subnet.public[zone].cidr_block]
    ] == [["172.31.0.0/20", "172.31.240.0/24"], ["172.31.16.0/20", "172.31.241.0/24"]]
    error_message = "The subnets must be cut out of the range given."
  }
}

run "a_range_of_another_size_and_one_zone_are_refused" {
  command = plan

  variables {
    cidr                    = "10.0.0.0/20"
    availability_zones      = ["eu-west-1a"]
    flow_log_retention_days = 14
  }

  expect_failures = [var.cidr, var.availability_zones, var.flow_log_retention_days]
}

run "addresses_of_others_and_a_zone_twice_are_refused" {
  command = plan

  variables {
    cidr                    = "8.8.0.0/16"
    availability_zones      = ["eu-west-1a", "eu-west-1a"]
    flow_log_retention_days = 0
  }

  expect_failures = [var.cidr, var.availability_zones, var.flow_log_retention_days]
}

run "a_range_that_begins_in_its_middle_is_refused" {
  command = plan

  variables {
    cidr = "10.0.5.0/16"
  }

  expect_failures = [var.cidr]
}
