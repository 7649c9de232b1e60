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
  account_id  = "111122223333"
  environment = "test"
  kms_key_arn = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  buckets = {
    data = {}
    feat = { expire_prefixes = { "workflows/" = 30 }, noncurrent_days = 30 }
  }
}

# The id of a bucket is known only once it exists; here it tells which bucket a setting is for.
override_resource {
  target          = aws_s3_bucket.this["data"]
  override_during = plan
  values          = { id = "data's id", arn = "data's ARN" }
}

override_resource {
  target          = aws_s3_bucket.this["feat"]
  override_during = plan
  values          = { id = "feat's id", arn = "feat's ARN" }
}

run "a_bucket_has_prefix_environment_and_account_in_its_name" {
  command = plan

  assert {
    condition = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket } == {
      data = "mlops-data-test-111122223333"
      feat = "mlops-feat-test-111122223333"
    }
    error_message = "Bucket names are unique in the world: want PREFIX-NAME-ENVIRONMENT-ACCOUNT."
  }

  assert {
    condition = (
      output.names == { data = "data's id", feat = "feat's id" }
      && output.arns == { data = "data's ARN", feat = "feat's ARN" }
    )
    error_message = "The outputs give other buckets."
  }
}

run "a_bucket_is_never_public" {
  command = plan

  assert {
    condition = alltrue([for setting in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] :
      { for _, block in aws_s3_bucket_public_access_block.this : block.bucket => block[setting] } == {
        "data's id" = true
        "feat's id" = true
      }
    ])
    error_message = "All four blocks must be on for each bucket: ${jsonencode(aws_s3_bucket_public_access_block.this)}"
  }

  assert {
    condition = {
      for _, control in aws_s3_bucket_ownership_controls.this :
      control.bucket => one(control.rule).object_ownership
      } == {
      "data's id" = "BucketOwnerEnforced"
      "feat's id" = "BucketOwnerEnforced"
    }
    error_message = "With ACLs an object could be given away one by one."
  }
}

# The whole policy: a principal, an action or a condition more or less is another policy.
run "a_bucket_answers_over_tls_only" {
  command = plan

  assert {
    condition = {
      for _, policy in aws_s3_bucket_policy.this :
      policy.bucket => jsondecode(policy.policy).Statement
      } == {
      for name in ["data", "feat"] : "${name}'s id" => [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::mlops-${name}-test-111122223333/*", "arn:aws:s3:::mlops-${name}-test-111122223333"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }]
    }
    error_message = "Whoever comes without TLS must be refused everything: ${jsonencode(aws_s3_bucket_policy.this)}"
  }
}

run "an_object_is_encrypted_with_the_key_given" {
  command = plan

  assert {
    condition = {
      for _, encryption in aws_s3_bucket_server_side_encryption_configuration.this : encryption.bucket => [
        for rule in encryption.rule : [
          one(rule.apply_server_side_encryption_by_default).sse_algorithm,
          one(rule.apply_server_side_encryption_by_default).kms_master_key_id,
          rule.bucket_key_enabled,
        ]
      ]
      } == {
      "data's id" = [["aws:kms", var.kms_key_arn, true]]
      "feat's id" = [["aws:kms", var.kms_key_arn, true]]
    }
    error_message = "Want aws:kms with the given key, and a bucket key."
  }
}

run "an_overwritten_object_can_be_brought_back" {
  command = plan

  assert {
    condition = {
      for _, versioning in aws_s3_bucket_versioning.this :
      versioning.bucket => versioning.versioning_configuration[0].status
      } == {
      "data's id" = "Enabled"
      "feat's id" = "Enabled"
    }
    error_message = "Each bucket must keep versions."
  }

  assert {
    condition = {
      for _, lifecycle in aws_s3_bucket_lifecycle_configuration.this : lifecycle.bucket => [
        lifecycle.rule[0].status,
        lifecycle.rule[0].noncurrent_version_expiration[0].noncurrent_days,
        length(lifecycle.rule[0].expiration),
        lifecycle.rule[0].abort_incomplete_multipart_upload[0].days_after_initiation,
      ]
      } == {
      "data's id" = ["Enabled", 90, 0, 7]
      "feat's id" = ["Enabled", 30, 0, 7]
    }
    error_message = "Want old versions kept for 90 days, or for as long as asked, and unfinished uploads removed after 7."
  }

  assert {
    condition     = !anytrue([for bucket in aws_s3_bucket.this : bucket.force_destroy])
    error_message = "Unless asked for, a bucket with something in it is not deleted."
  }
}

run "only_a_prefix_that_was_named_expires" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this["data"].rule) == 1
    error_message = "No prefix was named for this bucket: nothing in it expires."
  }

  assert {
    condition = [
      for rule in slice(aws_s3_bucket_lifecycle_configuration.this["feat"].rule, 1, length(aws_s3_bucket_lifecycle_configuration.this["feat"].rule)) :
      [rule.id, rule.status, rule.filter[0].prefix, rule.expiration[0].days]
    ] == [["expire-workflows", "Enabled", "workflows/", 30]]
    error_message = "Want one rule, for workflows/ and 30 days."
  }
}

run "a_bucket_goes_with_all_in_it_where_that_was_asked_for" {
  command = plan

  variables {
    force_destroy = true
  }

  assert {
    condition     = alltrue([for name in ["data", "feat"] : aws_s3_bucket.this[name].force_destroy])
    error_message = "force_destroy is not passed on."
  }
}

run "names_that_s3_would_refuse_are_refused" {
  command = plan

  variables {
    account_id  = "11112222333"
    environment = "Test"
    prefix      = "a-prefix-with-more-than-thirteen"
    buckets     = { Data = {} }
  }

  expect_failures = [var.account_id, var.environment, var.prefix, var.buckets]
}

run "encryption_with_a_key_that_all_may_use_is_refused" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/s3"
  }

  expect_failures = [var.kms_key_arn]
}

run "no_key_at_all_is_refused" {
  command = plan

  variables {
    kms_key_arn = null
  }

  expect_failures = [var.kms_key_arn]
}

run "forgetting_old_versions_within_a_week_is_refused" {
  command = plan

  variables {
    buckets = { data = { noncurrent_days = 6 } }
  }

  expect_failures = [var.buckets]
}

run "a_rule_that_would_empty_the_bucket_is_refused" {
  command = plan

  variables {
    buckets = { data = { expire_prefixes = { "" = 30 } } }
  }

  expect_failures = [var.buckets]
}

run "expiry_at_once_is_refused" {
  command = plan

  variables {
    buckets = { data = { expire_prefixes = { "workflows/" = 0 } } }
  }

  expect_failures = [var.buckets]
}
