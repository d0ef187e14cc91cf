"""`./demo`: Penstock whole, on this machine, with an application to release."""
