"use strict";
// "Authorize" takes an API key as its value; requests go to the server that served this page.
window.SwaggerUIBundle({
  url: "/assets/openapi/v1/afsa.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
