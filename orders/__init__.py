"""What was promised: quotes, orders, lines, holds, gates."""
