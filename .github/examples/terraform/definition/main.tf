# What runs, without a Defender, as the team writes it. It needs no provider and no credentials, so that a pipeline can turn it into
# JSON before anything else:
#
#   terraform -chdir=definition init
#   terraform -chdir=definition apply -auto-approve
#   terraform -chdir=definition output -raw container_definitions > containers.json

terraform {
  required_version = ">= 1.5"
}

variable "image" {
  description = "Image of the orders service"
  type        = string
  default     = "123456789012.dkr.ecr.us-east-1.amazonaws.com/orders:1.0"
}

locals {
  containers = [
    {
      name      = "web"
      image     = var.image
      essential = true
      # The Defender goes before it. Where it is left out, fargate-updater looks into the image, and has to be able to.
      entryPoint = ["/usr/local/bin/orders"]
      command    = ["--port", "8080"]
      portMappings = [
        { containerPort = 8080, protocol = "tcp" },
      ]
      environment = [
        { name = "STAGE", value = "production" },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = "/ecs/orders"
          awslogs-region        = "us-east-1"
          awslogs-stream-prefix = "orders"
        }
      }
    },
  ]
}

output "container_definitions" {
  description = "The containers in the form that ECS takes, for fargate-updater embed"
  value       = jsonencode(local.containers)
}
