# The curl lines of Immuta's page "Manage Webhooks", in its order and as they stand there.

curl \
    --request POST \
    --header "Authorization: Bearer dea464c07bd07300095caa8" \
    --data @example-payload.json \
    https://demo.immuta.com/webhooks

curl \
    --request GET \
    --header "Authorization: Bearer dea464c07bd07300095caa8" \
    https://demo.immuta.com/webhooks

curl \
    --request GET \
    --header "Authorization: Bearer dea464c07bd07300095caa8" \
    https://demo.immuta.com/webhooks/actions

curl \
    --request GET \
    --header "Authorization: Bearer dea464c07bd07300095caa8" \
    https://demo.immuta.com/webhooks/history?pageSize=20&includeUser=true

curl \
    --request GET \
    --header "Authorization: Bearer dea464c07bd07300095caa8" \
    https://demo.immuta.com/webhooks/1

curl \
    --request POST \
    --header "Authorization: Bearer dea464c07bd07300095caa8" \
    https://demo.immuta.com/webhooks/history/retry/1

curl \
    --request DELETE \
    --header "Authorization: Bearer dea464c07bd07300095caa8" \
    https://demo.immuta.com/webhooks/1

curl \
    --request GET \
    --header "Authorization: Bearer <TOKEN>" \
    https://demo.immuta.com/webhooks/history?pageSize=20&includeUser=true
