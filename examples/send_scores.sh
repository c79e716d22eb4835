#!/bin/sh
# Send predictions, then read the numbers: CHURNBOARD_TOKEN=... sh send_scores.sh
set -eu
url=${CHURNBOARD_URL:-http://127.0.0.1:8080}

# Kept out of the list of processes, where a command's arguments show.
as_me() {
  printf 'header = "Authorization: Bearer %s"\n' "$CHURNBOARD_TOKEN" | curl -sS --fail-with-body --config - "$@"
}

as_me "$url/api/predictions" \
  -H 'Content-Type: application/json' \
  -d '[
    {"customer_id": "C-1", "churn_score": 0.82, "customer_name": "Fjord Analytics"},
    {"customer_id": "C-2", "churn_score": 0.11}
  ]'
echo

as_me "$url/api/live-data?range=30d"
echo
