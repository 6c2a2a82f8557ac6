"""The site: settings, services, addresses and schedule. It wires the apps and knows them all."""
