# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.
#
# The trail, for an account that has none

resource "aws_cloudtrail" "trail" {
  count = var.create_trail ? 1 : 0
  # A given name, so that the bucket policy can refer to the trail before the trail exists.
  name                          = "${var.name}-trail"
  s3_bucket_name                = aws_s3_bucket.trail_bucket[0].bucket
  enable_logging                = true
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  depends_on                    = [aws_s3_bucket_policy.trail_bucket_policy]
}

# The log files are evidence: Terraform refuses to destroy the bucket. See README.md, how to keep it when all else is
# destroyed.
resource "aws_s3_bucket" "trail_bucket" {
  count  = var.create_trail ? 1 : 0
  bucket = "${lower(var.name)}-trail-${local.account_id}"

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "trail_bucket" {
  count  = var.create_trail ? 1 : 0
  bucket = aws_s3_bucket.trail_bucket[0].bucket

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_ownership_controls" "trail_bucket" {
  count  = var.create_trail ? 1 : 0
  bucket = aws_s3_bucket.trail_bucket[0].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "trail_bucket" {
  count                   = var.create_trail ? 1 : 0
  bucket                  = aws_s3_bucket.trail_bucket[0].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "trail_bucket" {
  count  = var.create_trail ? 1 : 0
  bucket = aws_s3_bucket.trail_bucket[0].bucket

  versioning_configuration {
    status = "Enabled"
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "trail_bucket" {
  count  = var.create_trail ? 1 : 0
  bucket = aws_s3_bucket.trail_bucket[0].bucket

  rule {
    id     = "ExpireAfterOneYear"
    status = "Enabled"

    filter {}

    expiration {
      days = 365
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.trail_bucket]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_policy" "trail_bucket_policy" {
  count  = var.create_trail ? 1 : 0
  bucket = aws_s3_bucket.trail_bucket[0].bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TrailReadsAcl"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.trail_bucket[0].arn
        Condition = {
          StringEquals = {
            "aws:SourceArn" = "arn:${local.partition}:cloudtrail:${local.region}:${local.account_id}:trail/${var.name}-trail"
          }
        }
      },
      {
        Sid       = "TrailWrites"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.trail_bucket[0].arn}/AWSLogs/${local.account_id}/*"
        Condition = {
          StringEquals = {
            "s3:x-amz-acl"  = "bucket-owner-full-control"
            "aws:SourceArn" = "arn:${local.partition}:cloudtrail:${local.region}:${local.account_id}:trail/${var.name}-trail"
          }
        }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.trail_bucket[0].arn, "${aws_s3_bucket.trail_bucket[0].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
