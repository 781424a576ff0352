# The curl lines of Qlik's page "Webhooks", in its order and as they stand there.

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks" \
-H "Authorization: Bearer <access_token>"

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks" \
-X POST \
-H "Content-type: application/json" \
-H "Authorization: Bearer <access_token>" \
-d '{"url":"string","name":"string","level":"tenant","filter":"id eq \"id123\" or spaceId eq \"spaceId123\" or spaceId eq \"spaceId456\" or topLevelResourceId eq \"id789\"","secret":"string","enabled":false,"headers":{"headerName":"headerValue"},"ownerId":"string","eventTypes":["string"],"description":"string","encryptedHeaders":{"headerName":"sensitiveHeaderValue"},"enableCloudEventDelivery":true,"checkCertificateRevocation":false,"origin":"api"}'

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/{id}" \
-H "Authorization: Bearer <access_token>"

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/{id}" \
-X PATCH \
-H "Content-type: application/json" \
-H "Authorization: Bearer <access_token>" \
-d '[{"op":"add","path":"/description","value":true}]'

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/{id}" \
-X PUT \
-H "Content-type: application/json" \
-H "Authorization: Bearer <access_token>" \
-d '{"url":"string","name":"string","level":"tenant","filter":"id eq \"id123\" or spaceId eq \"spaceId123\" or spaceId eq \"spaceId456\" or topLevelResourceId eq \"id789\"","secret":"string","enabled":false,"headers":{"headerName":"headerValue"},"ownerId":"string","eventTypes":["string"],"description":"string","encryptedHeaders":{"headerName":"sensitiveHeaderValue"},"enableCloudEventDelivery":true,"checkCertificateRevocation":false}'

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/{id}" \
-X DELETE \
-H "Authorization: Bearer <access_token>"

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/{id}/deliveries" \
-H "Authorization: Bearer <access_token>"

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/{id}/deliveries/{deliveryId}" \
-H "Authorization: Bearer <access_token>"

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/{id}/deliveries/{deliveryId}/actions/resend" \
-X POST \
-H "Authorization: Bearer <access_token>"

curl "https://{tenant}.{region}.qlikcloud.com/api/v1/webhooks/event-types" \
-H "Authorization: Bearer <access_token>"
