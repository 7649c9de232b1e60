# MLflow's own user.

resource "aws_secretsmanager_secret" "user" {
  name                    = var.user_secret_name
  description             = "The user that MLflow connects to ${var.name} with"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.skip_final_snapshot ? 0 : 30
}

module "password" {
  source = "./password"

  secret_id = aws_secretsmanager_secret.user.arn
  username  = "mlflow"
}
