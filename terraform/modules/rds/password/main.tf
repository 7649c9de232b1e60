# Puts a generated password into a secret. Secrets Manager makes it and it goes from there to there: write-only, in no
# state, in no plan. To change it, raise secret_string_wo_version; External Secrets and the bootstrap job do the rest.

ephemeral "aws_secretsmanager_random_password" "this" {
  password_length     = 40
  exclude_punctuation = true # it becomes a part of a URI
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = var.secret_id
  secret_string_wo = jsonencode({
    username = var.username
    password = ephemeral.aws_secretsmanager_random_password.this.random_password
  })
  secret_string_wo_version = 1
}
