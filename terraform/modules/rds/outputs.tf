output "database_name" {
  description = "The database that MLflow's bootstrap creates."
  value       = var.database_name
}

output "host" {
  description = "Name that the database is reached at."
  value       = aws_db_instance.this.address
}

output "identifier" {
  description = "Identifier of the instance, the dimension of its metrics."
  value       = aws_db_instance.this.identifier
}

output "master_secret_arn" {
  description = "ARN of the secret that RDS keeps the master's password in."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "master_secret_name" {
  description = "Name of that secret, without the six characters that Secrets Manager adds to an ARN."
  value       = replace(element(split(":", aws_db_instance.this.master_user_secret[0].secret_arn), 6), "/-[A-Za-z0-9]{6}$/", "")
}

output "port" {
  description = "Port that the database listens on."
  value       = aws_db_instance.this.port
}

output "restore" {
  description = "What a restore must name, because RDS would take defaults or leave it out."
  value = {
    identifier      = aws_db_instance.this.identifier
    instance_class  = aws_db_instance.this.instance_class
    subnet_group    = aws_db_subnet_group.this.name
    security_group  = aws_security_group.this.id
    parameter_group = aws_db_parameter_group.this.name
    kms_key         = var.kms_key_arn
  }
}

output "user_secret_arn" {
  description = "ARN of the secret with MLflow's own user."
  value       = aws_secretsmanager_secret.user.arn
}

output "user_secret_name" {
  description = "Name of the secret with MLflow's own user."
  value       = aws_secretsmanager_secret.user.name
}

output "guards" {
  description = "What guards the database: against the loss of a zone, a mistake, and the loss of what it holds."
  value = {
    multi_az              = aws_db_instance.this.multi_az
    deletion_protection   = aws_db_instance.this.deletion_protection
    final_snapshot        = !aws_db_instance.this.skip_final_snapshot
    backup_retention_days = aws_db_instance.this.backup_retention_period
  }
}
