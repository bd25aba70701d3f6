"""Pages of what the house is connected with: publishing tools, receivers, channels."""
