// Ponder wants an API file; the bench asks the database itself.
import { Hono } from "hono";

export default new Hono();
