provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  account_id = "111122223333"
  name       = "mlops-test"
  region     = "eu-west-1"
}

run "the_key_is_changed_every_year" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key is not rotated."
  }
}

run "a_deleted_key_can_be_brought_back_for_30_days" {
  command = plan

  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 30
    error_message = "What the key encrypted is lost with it: want 30 days to change one's mind."
  }
}

run "the_key_is_found_by_its_alias" {
  command = plan

  # The id of a key is known only once it exists.
  override_resource {
    target          = aws_kms_key.this
    override_during = plan
    values          = { key_id = "0001", arn = "arn:aws:kms:eu-west-1:111122223333:key/0001" }
  }

  assert {
    condition = (
      aws_kms_alias.this.name == "alias/mlops-test-data"
      && aws_kms_alias.this.target_key_id == "0001"
      && output.arn == aws_kms_key.this.arn
    )
    error_message = "Want the alias alias/mlops-test-data for the key, and its ARN as the output."
  }
}

# The whole policy: a principal, an action or a condition more or less is another policy.
run "the_account_decides_and_named_services_use_the_key_for_it_only" {
  command = plan

  assert {
    condition     = length(jsondecode(aws_kms_key.this.policy).Statement) == 3
    error_message = "Want three statements: the account, notifications, logs."
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[0] == {
      Sid       = "RolesDecide"
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
      Action    = "kms:*"
      Resource  = "*"
    }
    error_message = "Only this account may give the key to roles."
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[1] == {
      Sid       = "Notifications"
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"] }
      Action    = ["kms:GenerateDataKey*", "kms:Decrypt"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" } }
    }
    error_message = "Alarms and budgets use the key for this account's topics only."
  }

  assert {
    condition = jsondecode(aws_kms_key.this.policy).Statement[2] == {
      Sid       = "Logs"
      Effect    = "Allow"
      Principal = { Service = "logs.eu-west-1.amazonaws.com" }
      Action    = ["kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Encrypt", "kms:DescribeKey", "kms:Decrypt"]
      Resource  = "*"
      Condition = {
        ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-west-1:111122223333:log-group:*" }
      }
    }
    error_message = "CloudWatch Logs uses the key for log groups of this account and region only."
  }
}

run "an_account_id_of_another_length_is_refused" {
  command = plan

  variables {
    account_id = "11112222333"
  }

  expect_failures = [var.account_id]
}

run "everybody_is_no_account" {
  command = plan

  variables {
    account_id = "*"
  }

  expect_failures = [var.account_id]
}

run "a_name_that_an_alias_cannot_have_is_refused" {
  command = plan

  variables {
    name = "mlops test"
  }

  expect_failures = [var.name]
}

run "a_pattern_is_no_region" {
  command = plan

  variables {
    region = "*"
  }

  expect_failures = [var.region]
}
