"""Training and distillation: recipes, data, losses and the one loop."""
