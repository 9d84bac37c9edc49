// ponder asks for an API; nobody calls this one.
import { Hono } from "hono";

export default new Hono();
