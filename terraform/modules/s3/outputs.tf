output "arns" {
  description = "ARN of each bucket, by its short name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.arn }
}

output "names" {
  description = "Full name of each bucket, by its short name."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.id }
}
