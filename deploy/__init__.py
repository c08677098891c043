"""What runs the parts: the model server, the local supervisor, and files for Prometheus, Grafana and Kubernetes."""
