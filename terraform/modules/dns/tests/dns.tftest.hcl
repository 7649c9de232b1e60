provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  zone_id       = "Z0000000000000000001"
  hosts         = { mlflow = "mlflow.example.com", inference = "inference.example.com" }
  load_balancer = { dns_name = "internal-mlops-1.eu-west-1.elb.amazonaws.com", zone_id = "Z32O12XQLNTSW2" }
}

run "one_certificate_covers_exactly_the_hosts" {
  command = plan

  assert {
    condition = (
      aws_acm_certificate.this.domain_name == "inference.example.com"
      && aws_acm_certificate.this.subject_alternative_names == toset(["inference.example.com", "mlflow.example.com"])
    )
    error_message = "Want a certificate for inference.example.com and mlflow.example.com, and for no other name."
  }
}

run "the_certificate_is_proved_by_records_in_the_zone" {
  command = plan

  # What must be in the record is known only once the certificate is asked for.
  override_resource {
    target          = aws_acm_certificate.this
    override_during = plan
    values = {
      arn = "arn:aws:acm:eu-west-1:111122223333:certificate/0001"
      domain_validation_options = [
        {
          domain_name           = "inference.example.com"
          resource_record_name  = "_i.inference.example.com."
          resource_record_type  = "CNAME"
          resource_record_value = "_i.acm-validations.aws."
        },
        {
          domain_name           = "mlflow.example.com"
          resource_record_name  = "_m.mlflow.example.com."
          resource_record_type  = "CNAME"
          resource_record_value = "_m.acm-validations.aws."
        },
      ]
    }
  }

  assert {
    condition     = aws_acm_certificate.this.validation_method == "DNS"
    error_message = "A certificate that is proved by mail is not renewed by itself."
  }

  assert {
    condition = {
      for host, record in aws_route53_record.validation :
      host => [record.zone_id, record.name, record.type, one(record.records)]
      } == {
      "inference.example.com" = ["Z0000000000000000001", "_i.inference.example.com", "CNAME", "_i.acm-validations.aws."]
      "mlflow.example.com"    = ["Z0000000000000000001", "_m.mlflow.example.com", "CNAME", "_m.acm-validations.aws."]
    }
    error_message = "Each host has the record in the zone that its part of the certificate is proved by."
  }

  assert {
    condition = (
      aws_acm_certificate_validation.this.certificate_arn == "arn:aws:acm:eu-west-1:111122223333:certificate/0001"
      && output.certificate_arn == aws_acm_certificate_validation.this.certificate_arn
    )
    error_message = "It is another certificate that is waited for and handed on."
  }
}

run "each_host_leads_to_the_load_balancer" {
  command = plan

  assert {
    condition = {
      for name, record in aws_route53_record.this :
      name => [record.zone_id, record.name, record.type]
      } == {
      inference = ["Z0000000000000000001", "inference.example.com", "A"]
      mlflow    = ["Z0000000000000000001", "mlflow.example.com", "A"]
    }
    error_message = "Want one record per host in the zone, and no other."
  }

  assert {
    condition = alltrue([
      for record in aws_route53_record.this :
      one(record.alias) == {
        name                   = "internal-mlops-1.eu-west-1.elb.amazonaws.com"
        zone_id                = "Z32O12XQLNTSW2"
        evaluate_target_health = true
      }
    ])
    error_message = "A host leads elsewhere than to the load balancer, or also when that is not healthy."
  }
}

run "a_certificate_without_a_name_is_refused" {
  command = plan

  variables {
    hosts = {}
  }

  expect_failures = [var.hosts]
}

run "two_services_under_one_name_are_refused" {
  command = plan

  variables {
    hosts = { mlflow = "mlops.example.com", inference = "mlops.example.com" }
  }

  expect_failures = [var.hosts]
}

run "a_wildcard_name_is_refused" {
  command = plan

  variables {
    hosts = { mlflow = "*.example.com" }
  }

  expect_failures = [var.hosts]
}
