"""HTTP services: connections, requests and answers on asyncio; imported by service commands alone."""
