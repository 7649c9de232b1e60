# MLflow's own user. The password is made by Secrets Manager and goes from there to there: write-only, in no state.
# To change it, raise secret_string_wo_version; External Secrets and the bootstrap job do the rest.

ephemeral "aws_secretsmanager_random_password" "user" {
  password_length     = 40
  exclude_punctuation = true # it becomes a part of a URI
}

resource "aws_secretsmanager_secret" "user" {
  name                    = var.user_secret_name
  description             = "The user that MLflow connects to ${var.name} with"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.skip_final_snapshot ? 0 : 30
}

resource "aws_secretsmanager_secret_version" "user" {
  secret_id = aws_secretsmanager_secret.user.id
  secret_string_wo = jsonencode({
    username = "mlflow"
    password = ephemeral.aws_secretsmanager_random_password.user.random_password
  })
  secret_string_wo_version = 1
}
