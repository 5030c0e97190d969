# Deploys what fargate-updater embed wrote. Embedding changes nothing but the containers, so that everything else stays here.
#
# Terraform keeps the containers in its state, and with them the Defender's install bundle, which is a credential. No setting of
# Terraform's keeps it out: encrypt the backend, and let nobody read the state who may not have the bundle.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
  }
}

resource "aws_ecs_task_definition" "orders" {
  family                   = "orders"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  # The Defender needs its share too.
  cpu                = "512"
  memory             = "1024"
  execution_role_arn = var.execution_role_arn
  task_role_arn      = var.task_role_arn
  # A plan goes into logs; sensitive keeps the install bundle out of it.
  container_definitions = sensitive(file(var.task_definition_path))
}

resource "aws_ecs_service" "orders" {
  name                  = "orders"
  cluster               = var.cluster
  task_definition       = aws_ecs_task_definition.orders.arn
  desired_count         = 2
  launch_type           = "FARGATE"
  wait_for_steady_state = true

  network_configuration {
    subnets         = var.subnets
    security_groups = var.security_groups
  }

  # A revision that does not start is taken back.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
}
