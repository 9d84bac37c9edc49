/** Where the reader is: behind the `#`, so that the page is one file wherever it lies. */
import { store } from "./store";

export interface Route {
  page: string;
  rest: string;
  query: URLSearchParams;
}

function read(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...rest] = path.split("/");
  return { page, rest: rest.join("/"), query: new URLSearchParams(query) };
}

export const route = store<Route>(read());

export function startRoutes(): void {
  addEventListener("hashchange", () => route.set(read()));
}

export function go(hash: string): void {
  location.hash = hash;
}
