"""What several tests of builds with AWS ask."""


def phase(result, name):
    """(status, code, message) of one phase."""
    for found in result["build"]["phases"]:
        if found["phaseType"] == name:
            context = (found.get("contexts") or [{}])[0]
            return found.get("phaseStatus"), context.get("statusCode"), context.get("message")
    return None
