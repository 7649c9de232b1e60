# Plans with the real provider and dummy keys: nothing is called.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

# A plan asks Secrets Manager for a password, and here is none.
override_module {
  target = module.password
}

# Known only once they exist; here they tell who refers to what.
override_resource {
  target          = aws_security_group.this
  override_during = plan
  values          = { id = "sg-database" }
}

override_resource {
  target          = aws_secretsmanager_secret.user
  override_during = plan
  values          = { arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mlops/test/mlflow-database-AbCdEf" }
}

variables {
  name                       = "mlops-test"
  vpc_id                     = "vpc-1"
  subnet_ids                 = ["subnet-a", "subnet-b"]
  allowed_security_group_ids = { cluster = "sg-cluster" }
  instance_class             = "db.m7g.large"
  kms_key_arn                = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  user_secret_name           = "mlops/test/mlflow-database"
}

run "the_database_is_reached_from_the_named_groups_only" {
  command = plan

  assert {
    condition     = aws_db_instance.this.publicly_accessible == false
    error_message = "The database must have no public address."
  }

  assert {
    condition = (
      aws_db_instance.this.vpc_security_group_ids == toset(["sg-database"])
      && aws_security_group.this.vpc_id == "vpc-1"
    )
    error_message = "Want the security group of this module and no other."
  }

  assert {
    condition = { for name, rule in aws_vpc_security_group_ingress_rule.this : name => [
      rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port,
    ] } == { cluster = ["sg-database", "sg-cluster", "tcp", 5432, 5432] }
    error_message = "Want PostgreSQL's port and the named group: ${jsonencode(aws_vpc_security_group_ingress_rule.this)}"
  }

  assert {
    condition = alltrue([for address in ["cidr_ipv4", "cidr_ipv6", "prefix_list_id"] :
      aws_vpc_security_group_ingress_rule.this["cluster"][address] == null
    ])
    error_message = "No address may connect, only what is in a named group."
  }

  assert {
    condition     = length(aws_security_group.this.ingress) == 0 && length(aws_security_group.this.egress) == 0
    error_message = "The database answers, it does not ask: no way out, and no way in but the rules above."
  }

  assert {
    condition = (
      aws_db_subnet_group.this.subnet_ids == toset(["subnet-a", "subnet-b"])
      && aws_db_instance.this.db_subnet_group_name == aws_db_subnet_group.this.name
    )
    error_message = "The database must be in the subnets given."
  }
}

run "the_database_speaks_tls_only" {
  command = plan

  assert {
    condition = { for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.value } == {
      "rds.force_ssl"              = "1"
      "log_connections"            = "1"
      "log_min_duration_statement" = "1000"
    }
    error_message = "Want TLS forced, connections and slow statements logged: ${jsonencode(aws_db_parameter_group.this.parameter)}"
  }

  assert {
    condition = (
      aws_db_parameter_group.this.family == "postgres16"
      && aws_db_instance.this.parameter_group_name == aws_db_parameter_group.this.name
    )
    error_message = "The database must use this parameter group, or nothing is forced."
  }
}

run "all_that_is_kept_is_encrypted_with_the_key_given" {
  command = plan

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "The disk and its snapshots must be encrypted with the key."
  }

  assert {
    condition = (
      aws_db_instance.this.master_user_secret_kms_key_id == var.kms_key_arn
      && aws_secretsmanager_secret.user.kms_key_id == var.kms_key_arn
    )
    error_message = "Both secrets must be encrypted with the key."
  }

  assert {
    condition = (
      aws_db_instance.this.performance_insights_enabled
      && aws_db_instance.this.performance_insights_kms_key_id == var.kms_key_arn
    )
    error_message = "Performance Insights holds statements: on, and encrypted with the key."
  }
}

run "no_password_is_in_a_variable_or_the_state" {
  command = plan

  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "RDS makes, keeps and changes the master's password."
  }

  assert {
    condition     = aws_db_instance.this.username == "mlops_master"
    error_message = "The master is nobody that an application is."
  }

  assert {
    condition = (
      output.user_secret_arn == aws_secretsmanager_secret.user.arn
      && output.user_secret_name == "mlops/test/mlflow-database"
    )
    error_message = "The outputs name another secret."
  }
}

run "by_default_data_survives_mistakes_and_a_zone" {
  command = plan

  assert {
    condition     = aws_db_instance.this.multi_az
    error_message = "Want a second instance in another zone."
  }

  assert {
    condition = (
      aws_db_instance.this.backup_retention_period == 35
      && aws_db_instance.this.delete_automated_backups == false
    )
    error_message = "Want 35 days of backups, and that they outlive the instance."
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection
    error_message = "Want deletion refused."
  }

  assert {
    condition = (
      aws_db_instance.this.skip_final_snapshot == false
      && aws_db_instance.this.final_snapshot_identifier == "mlops-test-final"
    )
    error_message = "Want a last snapshot."
  }

  assert {
    condition     = aws_secretsmanager_secret.user.recovery_window_in_days == 30
    error_message = "Want 30 days to bring the secret back."
  }

  assert {
    condition     = aws_db_instance.this.copy_tags_to_snapshot && aws_db_instance.this.max_allocated_storage == 80
    error_message = "Want tags on snapshots, and a disk that grows."
  }
}

run "updates_come_by_themselves_but_no_new_major" {
  command = plan

  assert {
    condition = (
      aws_db_instance.this.engine == "postgres"
      && aws_db_instance.this.auto_minor_version_upgrade
      && aws_db_instance.this.allow_major_version_upgrade == false
    )
    error_message = "Want fixes of security applied in the maintenance window, and nothing more."
  }

  assert {
    condition = (
      aws_db_instance.this.apply_immediately == false
      && aws_db_instance.this.maintenance_window == "sun:04:00-sun:05:00"
      && aws_db_instance.this.backup_window == "01:00-02:00"
    )
    error_message = "Changes wait for the window between the weekly garbage collection and the weekly training."
  }
}

run "logs_are_kept_and_come_to_an_end" {
  command = plan

  assert {
    condition     = aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"])
    error_message = "Want both logs of PostgreSQL."
  }

  assert {
    condition     = alltrue([for _, group in aws_cloudwatch_log_group.this : group.kms_key_id == var.kms_key_arn])
    error_message = "The logs hold what slow queries asked for: they are encrypted with the key of the data."
  }

  assert {
    condition = { for _, group in aws_cloudwatch_log_group.this : group.name => group.retention_in_days } == {
      "/aws/rds/instance/mlops-test/postgresql" = 90
      "/aws/rds/instance/mlops-test/upgrade"    = 90
    }
    error_message = "Want a group for each log, and 90 days: RDS itself would keep them for ever."
  }
}

run "a_small_one_for_development_has_to_be_asked_for" {
  command = plan

  variables {
    instance_class        = "db.t4g.small"
    allocated_storage     = 20
    multi_az              = false
    deletion_protection   = false
    skip_final_snapshot   = true
    backup_retention_days = 7
  }

  assert {
    condition = (
      aws_db_instance.this.instance_class == "db.t4g.small"
      && aws_db_instance.this.allocated_storage == 20
      && !aws_db_instance.this.multi_az
    )
    error_message = "Want the class and the disk asked for, in one zone."
  }

  assert {
    condition = (
      !aws_db_instance.this.deletion_protection
      && aws_db_instance.this.skip_final_snapshot
      && aws_db_instance.this.delete_automated_backups
      && aws_db_instance.this.final_snapshot_identifier == null
      && aws_secretsmanager_secret.user.recovery_window_in_days == 0
    )
    error_message = "Want nothing left of it after a destroy."
  }

  assert {
    condition = (
      aws_db_instance.this.backup_retention_period == 7
      && aws_db_instance.this.storage_encrypted
      && !aws_db_instance.this.publicly_accessible
    )
    error_message = "Small is not unsafe: backups, encryption and privacy stay."
  }
}

run "a_big_one_for_production_gets_its_sizes" {
  command = plan

  variables {
    allocated_storage = 100
    engine_version    = "17.5"
  }

  assert {
    condition = (
      aws_db_instance.this.instance_class == "db.m7g.large"
      && aws_db_instance.this.storage_type == "gp3"
      && aws_db_instance.this.allocated_storage == 100
      && aws_db_instance.this.max_allocated_storage == 400
    )
    error_message = "Want the class asked for and a disk that grows to four times its size."
  }

  assert {
    condition = (
      aws_db_instance.this.engine_version == "17.5"
      && aws_db_parameter_group.this.family == "postgres17"
      && aws_db_parameter_group.this.name == "mlops-test-postgres17"
    )
    error_message = "The parameters must be those of the major version."
  }
}

run "a_restore_is_told_what_to_name" {
  command = plan

  # The secret's ARN is RDS's to choose.
  override_resource {
    target          = aws_db_instance.this
    override_during = plan
    values = {
      address = "mlops-test.abc.eu-west-1.rds.amazonaws.com"
      master_user_secret = [{
        kms_key_id    = "the key"
        secret_arn    = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db-0a1b2c3d-AbCdEf"
        secret_status = "active"
      }]
    }
  }

  assert {
    condition = output.restore == {
      identifier      = "mlops-test"
      instance_class  = var.instance_class
      kms_key         = var.kms_key_arn
      subnet_group    = "mlops-test"
      security_group  = "sg-database"
      parameter_group = "mlops-test-postgres16"
    }
    error_message = "RDS would take its defaults for what is not named: ${jsonencode(output.restore)}"
  }

  assert {
    condition = (
      output.master_secret_name == "rds!db-0a1b2c3d"
      && output.master_secret_arn == aws_db_instance.this.master_user_secret[0].secret_arn
    )
    error_message = "Want the secret's name without the six characters that Secrets Manager adds, not ${output.master_secret_name}."
  }

  assert {
    condition = (
      output.host == aws_db_instance.this.address
      && output.port == 5432
      && output.identifier == "mlops-test"
      && output.database_name == "mlflow"
    )
    error_message = "The outputs describe another database."
  }
}

run "an_address_range_is_no_security_group" {
  command = plan

  variables {
    allowed_security_group_ids = { everybody = "0.0.0.0/0" }
  }

  expect_failures = [var.allowed_security_group_ids]
}

run "too_little_of_everything_is_refused" {
  command = plan

  variables {
    allocated_storage     = 19
    backup_retention_days = 6
    log_retention_days    = 7
    subnet_ids            = ["subnet-a", "subnet-a"]
    engine_version        = "14"
    name                  = "m"
  }

  expect_failures = [
    var.allocated_storage, var.backup_retention_days, var.log_retention_days, var.subnet_ids, var.engine_version, var.name,
  ]
}

run "more_than_rds_can_do_is_refused" {
  command = plan

  variables {
    backup_retention_days = 36
    log_retention_days    = 0
    instance_class        = "m7g.large"
    name                  = "mlops--test"
  }

  expect_failures = [var.backup_retention_days, var.log_retention_days, var.instance_class, var.name]
}

run "no_backups_are_refused" {
  command = plan

  variables {
    backup_retention_days = 0
  }

  expect_failures = [var.backup_retention_days]
}

run "encryption_with_a_key_that_all_may_use_is_refused" {
  command = plan

  variables {
    kms_key_arn = "alias/aws/rds"
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

run "names_that_break_a_uri_or_an_arn_are_refused" {
  command = plan

  variables {
    database_name    = "ml-flow"
    user_secret_name = "mlops/test/mlflow-dbuser"
  }

  expect_failures = [var.database_name, var.user_secret_name]
}
