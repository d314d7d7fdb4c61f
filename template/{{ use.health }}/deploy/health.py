"""The container's health check: exit 0 when the server is ready to answer, else 1."""

import os
import sys
from http.client import HTTPConnection, HTTPException

# In the order in which the server looks for its port.
port = os.environ.get("AIP_HTTP_PORT") or os.environ.get("PORT") or "8080"

connection = HTTPConnection("127.0.0.1", int(port), timeout=4)
try:
    connection.request("GET", "/v2/health/ready")
    status = connection.getresponse().status
except (OSError, HTTPException) as error:
    sys.exit(f"no server answers on port {port}: {error}")
sys.exit(status != 200)
