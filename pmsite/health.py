"""Two addresses for whoever watches the site: is the process alive, and can it do its work."""

import django_rq
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import RedisError


@transaction.non_atomic_requests
def healthz(_request: HttpRequest) -> HttpResponse:
    """Say that the process answers; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@transaction.non_atomic_requests
def readyz(_request: HttpRequest) -> JsonResponse:
    """Say whether database and queue answer: 200 if both do, else 503."""
    checks = {"database": database_answers(), "queue": queue_answers()}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def database_answers() -> bool:
    """Tell whether the application role can ask the database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        return False
    return True


def queue_answers() -> bool:
    """Tell whether the queue's server answers."""
    try:
        return bool(django_rq.get_connection("default").ping())
    except RedisError:
        return False
