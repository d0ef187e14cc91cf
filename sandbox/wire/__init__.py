"""AWS's wire formats, from the server's side: a request becomes parameters, a result becomes a reply.

One module per protocol (json, query, rest_xml), each with `operation_name`, `parse`, `render` and `render_error`,
all driven by botocore's shapes.  botocore itself only has the client's half.
"""
