"use strict";
// "Authorize" takes an API key as its value; requests go to the server that served this page.

// The account that the document's examples speak of.
const EXAMPLE_ACCOUNT = "00000003";

fetch("/assets/openapi/v1/afsa.json")
  .then((response) => response.json())
  .then((specification) => {
    keepExamplesOutOfFields(specification);
    window.SwaggerUIBundle({
      spec: specification,
      dom_id: "#reference",
      deepLinking: true,
      docExpansion: "list",
      filter: true,
      persistAuthorization: false,
      tryItOutEnabled: true,
      validatorUrl: null,
      plugins: [speakOfOwnAccount(specification)],
    });
  });

// A field that may stay empty begins empty: its example would be sent with the first try.
function keepExamplesOutOfFields(specification) {
  for (const path of Object.values(specification.paths)) {
    for (const operation of Object.values(path)) {
      for (const parameter of [].concat(operation.parameters ?? [])) {
        if (!parameter.required) {
          delete parameter.example;
          delete parameter.examples;
          if (parameter.schema) delete parameter.schema.example;
        }
      }
    }
  }
  for (const parameter of Object.values(specification.components?.parameters ?? {})) {
    if (!parameter.required) {
      delete parameter.example;
      delete parameter.examples;
    }
  }
}

// A key begins with the number of its account: from then on the examples are about that one.
function speakOfOwnAccount(specification) {
  const text = JSON.stringify(specification);
  return () => ({
    statePlugins: {
      auth: {
        wrapActions: {
          authorize: (authorize, system) => (payload) => {
            const key = Object.values(payload).map((scheme) => scheme.value).find(Boolean);
            const number = /^(\d{1,8})-/.exec(typeof key === "string" ? key : "")?.[1];
            if (number) {
              system.specActions.updateSpec(
                text.replaceAll(EXAMPLE_ACCOUNT, number.padStart(8, "0")),
              );
            }
            return authorize(payload);
          },
        },
      },
    },
  });
}
