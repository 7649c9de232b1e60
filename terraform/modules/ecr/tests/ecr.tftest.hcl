provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "unused"
  secret_key                  = "unused"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  repositories = ["inference-api", "mlflow"]
}

run "a_repository_per_service" {
  command = plan

  assert {
    condition = { for name, repository in aws_ecr_repository.this : name => repository.name } == {
      inference-api = "mlops/inference-api"
      mlflow        = "mlops/mlflow"
    }
    error_message = "Want one repository per service, its name after the prefix."
  }
}

run "a_tag_never_moves" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "A tag could be pushed again with another image behind it."
  }
}

run "an_image_is_scanned_when_it_is_pushed" {
  command = plan

  assert {
    condition = alltrue([
      for repository in aws_ecr_repository.this :
      one(repository.image_scanning_configuration).scan_on_push
    ])
    error_message = "Images are not scanned on push."
  }
}

run "images_are_encrypted_with_kms" {
  command = plan

  assert {
    condition = alltrue([
      for repository in aws_ecr_repository.this :
      one(repository.encryption_configuration).encryption_type == "KMS"
    ])
    error_message = "Images are not encrypted with a key of KMS."
  }
}

run "a_repository_with_images_in_it_is_not_deleted" {
  command = plan

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.force_delete != true])
    error_message = "Deleting a repository would delete its images."
  }
}

run "only_untagged_and_surplus_images_expire" {
  command = plan

  assert {
    condition = alltrue([for policy in aws_ecr_lifecycle_policy.this : [
      for rule in jsondecode(policy.policy).rules : merge(rule.selection, { priority = rule.rulePriority, action = rule.action.type })
      ] == [
      {
        priority    = 1
        action      = "expire"
        tagStatus   = "untagged"
        countType   = "sinceImagePushed"
        countUnit   = "days"
        countNumber = 7
      },
      {
        priority       = 2
        action         = "expire"
        tagStatus      = "tagged"
        tagPatternList = ["*"]
        countType      = "imageCountMoreThan"
        countNumber    = 50
      },
    ]])
    error_message = "Want two rules: untagged images go after 7 days, and of tagged ones the newest 50 stay."
  }

  assert {
    condition = { for name, policy in aws_ecr_lifecycle_policy.this : name => policy.repository } == {
      for name, repository in aws_ecr_repository.this :
      name => repository.name
    }
    error_message = "Each repository has a lifecycle policy of its own."
  }
}

run "the_registry_is_what_comes_before_the_service" {
  command = plan

  # The address of a repository is known only once it exists.
  override_resource {
    target          = aws_ecr_repository.this["inference-api"]
    override_during = plan
    values          = { repository_url = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlops/inference-api" }
  }

  assert {
    condition     = output.registry == "111122223333.dkr.ecr.eu-west-1.amazonaws.com/mlops"
    error_message = "The registry is the host and the prefix, without the service."
  }
}

run "images_of_the_last_releases_are_kept" {
  command = plan

  variables {
    keep_images = 9
  }

  expect_failures = [var.keep_images]
}

run "a_registry_without_repositories_is_refused" {
  command = plan

  variables {
    repositories = []
  }

  expect_failures = [var.repositories]
}

run "a_repository_name_that_ecr_does_not_take_is_refused" {
  command = plan

  variables {
    repositories = ["MLflow"]
  }

  expect_failures = [var.repositories]
}

run "a_prefix_with_a_slash_is_refused" {
  command = plan

  variables {
    prefix = "mlops/"
  }

  expect_failures = [var.prefix]
}
