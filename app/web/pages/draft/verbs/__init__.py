"""What people do on a draft's page, each with the service that the API uses."""
