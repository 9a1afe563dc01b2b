"""How not to be banned: rate limiter, circuit breaker, pauses and outages, and the handler that enforces them."""
