// The API's description, read from the OpenAPI document of this server.

const answer = await fetch("/openapi.json");
const api = await answer.json();

function element(tag, text, kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = kind;
  return made;
}

/** Text with `code` between backquotes. */
function prose(tag, text = "") {
  const made = document.createElement(tag);
  text.split("`").forEach((part, index) => made.append(index % 2 ? element("code", part) : part));
  return made;
}

function named(schema) {
  return api.components.schemas[schema?.$ref?.split("/").at(-1)];
}

function type(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf ?? schema.oneOf) return (schema.anyOf ?? schema.oneOf).map(type).join(" or ");
  if (schema.type === "array") return `list of ${type(schema.items)}`;
  if (schema.enum) return schema.enum.map((value) => `“${value}”`).join(" or ");
  return schema.const ? `“${schema.const}”` : (schema.type ?? "object");
}

function fields(schema, title) {
  const list = document.createElement("ul");
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const line = document.createElement("li");
    line.append(element("code", name), " ", prose("span", `${type(field)}. ${field.description ?? ""}`));
    list.append(line);
  }
  return [element("h3", title), prose("p", schema.description), list];
}

function section(path, method, operation) {
  const card = element("section", "", "card");
  const heading = element("h2", "");
  heading.append(element("code", method.toUpperCase(), "method"), element("code", path));
  card.append(heading, prose("p", operation.description ?? operation.summary));
  const body = named(operation.requestBody?.content["application/json"].schema);
  if (body) {
    card.append(...fields(body, "Request"));
    for (const example of body.examples ?? []) {
      card.append(element("pre", `curl ${location.origin}${path} -d '${JSON.stringify(example)}'`));
    }
  }
  const good = named(operation.responses["200"]?.content?.["application/json"]?.schema);
  if (good) card.append(...fields(good, "Answer"));
  const inner = named(good?.properties.results?.items);
  if (inner) card.append(...fields(inner, "Each of the results"));
  const others = Object.entries(operation.responses).filter(([status]) => status !== "200");
  if (others.length) {
    const list = document.createElement("ul");
    for (const [status, { description }] of others) list.append(element("li", `${status}: ${description}`));
    card.append(element("h3", "Errors"), list);
  }
  return card;
}

for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    document.getElementById("paths").append(section(path, method, operation));
  }
}
