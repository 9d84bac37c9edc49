import { onchainTable } from "ponder";

export const event = onchainTable("event", (t) => ({
  id: t.text().primaryKey(),
  block: t.bigint().notNull(),
  name: t.text().notNull(),
  values: t.text().notNull(),
}));
