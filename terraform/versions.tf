# Written by generate.py from template.yaml (make terraform). Change template.yaml, not this file.

terraform {
  # From 1.9, the validation of a variable can look at other variables.
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # From 6.0, aws_region has the attribute region.
      version = "~> 6.0"
    }
  }
}
