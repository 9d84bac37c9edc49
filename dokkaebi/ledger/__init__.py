"""Chain → rows → answers: raw logs are decoded (`events`), turned into rows (`handlers`), kept
(`store`) and asked (`reports`). Needs no node but for `index` and the balance check."""
