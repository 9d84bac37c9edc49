/**
 * Every sentence of the page, English and Korean. `{name}` is filled in; Korean particles are
 * written as `을(를)` and chosen when they are read.
 */
export type Lang = "en" | "ko";

const all = {
  /* FRAME */
  navigation: ["Main", "주 메뉴"],
  nav_browse: ["Market", "장터"],
  nav_make: ["Make", "올리기"],
  nav_mine: ["My works", "내 작품"],
  nav_trades: ["My trades", "내 거래"],
  nav_money: ["Money", "돈"],
  skip: ["Skip to the page", "본문으로 건너뛰기"],
  loading: ["One moment…", "잠깐만요…"],
  try_again: ["Try again", "다시 해 보기"],
  start_over: ["Start over", "처음부터"],
  close: ["Close", "닫기"],
  not_now: ["Not now", "나중에"],
  go_on: ["Go on", "계속"],
  foot: [
    "Nobody takes a rent. Nobody can freeze you. Nobody needs money to start.",
    "자릿세를 떼는 사람도, 돈을 묶을 수 있는 사람도 없습니다. 시작하는 데 돈이 들지 않습니다.",
  ],
  foot_chain: ["On {chain}", "{chain} 위에서"],
  foot_books: ["The books", "장부"],
  no_market: ["The market doesn't answer", "장터가 대답하지 않습니다"],
  no_market_hint: [
    "Its books may just be filling. Nothing of yours is lost: works and money are on the chain.",
    "장부가 아직 채워지는 중일 수 있습니다. 작품과 돈은 체인에 있으니 잃을 것은 없습니다.",
  ],

  /* BROWSE */
  hero_title: ["Made by hand, sold by the hand that made it", "만든 손이 직접 파는 장터"],
  hero_words: [
    "Show a pot, a poem, a pattern. A signature is enough, and costs nothing; when somebody buys, the money is yours.",
    "그릇도, 시도, 도면도 좋습니다. 서명 하나면 되고 돈은 들지 않습니다. 누가 사면 그 값은 만든이의 것입니다.",
  ],
  hero_make: ["Show what you made", "내가 만든 것 올리기"],
  search: ["Search works", "작품 찾기"],
  search_hint: ["A title, a word, a maker…", "제목, 낱말, 만든이…"],
  for_sale: ["For sale", "파는 것만"],
  forget_creator: ["Show all makers again", "모든 만든이 보기"],
  works: ["Works", "작품"],
  more_works: ["More works", "더 보기"],
  untitled: ["Untitled", "제목 없음"],
  not_for_sale: ["Not for sale now", "지금은 팔지 않음"],
  show_all: ["Show all works", "모든 작품 보기"],
  empty_market: ["The stall is swept and empty", "마당을 쓸어 두었습니다"],
  empty_market_hint: ["Be the first to put something on it.", "첫 작품을 올려 보세요."],
  empty_found: ["Nothing like that here", "그런 작품은 없습니다"],
  empty_found_hint: [
    "Fewer letters find more; two are enough in Korean.",
    "글자를 줄이면 더 찾습니다. 두 글자면 됩니다.",
  ],
  make_first: ["Show what you made", "내가 만든 것 올리기"],

  /* WORK */
  no_work: ["There is no such work", "그런 작품이 없습니다"],
  no_work_hint: [
    "The address may have lost a letter on its way.",
    "주소에서 글자가 빠졌는지 살펴보세요.",
  ],
  picture_of: ["{title}, the picture", "{title} 그림"],
  picture_wrong: [
    "The picture that this board sent isn't the one that the work names, so it isn't shown.",
    "게시판이 보낸 그림이 작품의 그림과 달라서 보이지 않습니다.",
  ],
  picture_missing: [
    "The picture isn't on this board. Who has the file can add it.",
    "그림이 이 게시판에 없습니다. 파일을 가진 사람이 올릴 수 있습니다.",
  ],
  add_file: ["Add the file", "파일 올리기"],
  adding: ["Checking and adding…", "확인하고 올리는 중…"],
  added: ["Added. Thank you!", "올렸습니다. 고맙습니다!"],
  other_file: ["That is another file.", "다른 파일입니다."],
  warning_mixed: [
    "The maker's name mixes scripts in one word, which can imitate another name.",
    "만든이 이름의 한 낱말에 여러 문자가 섞여 있습니다. 다른 이름을 흉내 낸 것일 수 있습니다.",
  ],
  warning_taken: [
    "Another maker had this name, or one that looks like it, before.",
    "같거나 비슷한 이름을 쓰는 만든이가 먼저 있었습니다.",
  ],
  market: ["Sale", "판매"],
  until: ["until {moment}", "{moment}까지"],
  way_offer: ["At once", "바로"],
  way_offer_hint: ["Work and money change hands together.", "작품과 돈을 한 번에 맞바꿉니다."],
  way_delivery: ["Delivered", "보내서"],
  way_delivery_hint: [
    "The money waits until the buyer has it in hand.",
    "받는 사람이 확인할 때까지 돈이 기다립니다.",
  ],
  way_voucher: ["New, signed by its maker", "만든이가 서명한 새 작품"],
  signed_only: ["Signed, not for sale", "서명만 됨, 팔지 않음"],
  buy: ["Buy", "사기"],
  buy_delivered: ["Buy, and pay on arrival", "사기(받으면 지급)"],
  register_for: ["Register it for its maker", "만든이 이름으로 등록해 주기"],
  take_back: ["Take back", "거두기"],
  offer_it: ["Offer it for sale", "팔려고 내놓기"],
  bid_it: ["Bid for it", "값 부르기"],
  bids: ["Bids", "부른 값"],
  accept: ["Accept", "받아들이기"],
  sold_before: ["Sold before", "지난 거래"],
  bid_price: ["What you would pay ({symbol})", "낼 값({symbol})"],
  bid_hint: [
    "A signed bid costs nothing and can be taken until {moment}.",
    "서명한 값은 돈이 들지 않고, {moment}까지 유효합니다.",
  ],
  document_checked: [
    "✓ The words and the picture are those that the maker signed: their digest is the work's id.",
    "✓ 글과 그림이 만든이가 올린 그대로입니다. 지문이 작품 번호와 같습니다.",
  ],
  document_unchecked: [
    "The maker's document isn't on this board, so title and words can't be checked.",
    "만든이의 문서가 이 게시판에 없어 제목과 설명을 확인할 수 없습니다.",
  ],
  fact_registered: ["Registered", "등록"],
  fact_not_registered: ["with its first sale", "처음 팔릴 때"],
  fact_owner: ["Owner", "주인"],
  fact_file: ["File", "파일"],
  fact_id: ["Id", "번호"],

  /* MAKE */
  make_title: ["Show what you made", "내가 만든 것 올리기"],
  make_words: [
    "A picture, a text, a drawing, a recording: any file. It stays yours.",
    "그림, 글, 도면, 녹음, 어떤 파일이든 좋습니다. 여전히 내 것입니다.",
  ],
  drop_here: ["Drop a file here", "파일을 여기에 놓으세요"],
  drop_hint: ["or click to choose one", "눌러서 고를 수도 있습니다"],
  drop_choose: ["Choose a file", "파일 고르기"],
  preview: ["The chosen picture", "고른 그림"],
  hashing: ["Computing the file's fingerprint", "파일 지문 계산"],
  hashing_percent: ["Fingerprint: {percent} %", "지문 계산: {percent}%"],
  hashed: ["Its fingerprint:", "지문:"],
  file_unreadable: [
    "This file can't be read, or is empty. Choose another one.",
    "읽을 수 없거나 빈 파일입니다. 다른 파일을 고르세요.",
  ],
  file_missing: ["Choose a file first.", "먼저 파일을 고르세요."],
  title: ["Title", "제목"],
  title_missing: ["Give it a title.", "제목을 지어 주세요."],
  description: ["In your words", "소개"],
  description_hint: ["What it is, how it was made.", "무엇이고 어떻게 만들었는지."],
  maker_name: ["Your name as a maker", "만든이 이름"],
  maker_name_hint: ["Shown beside the work. May stay empty.", "작품 곁에 보입니다. 비워도 됩니다."],
  royalty: ["Royalty on later sales, %", "되팔릴 때 받을 몫, %"],
  royalty_hint: [
    "Comes to you whenever somebody sells it on here.",
    "여기서 되팔릴 때마다 만든이에게 갑니다.",
  ],
  royalty_wrong: ["A number from 0 to {max}.", "0에서 {max}까지의 수."],
  make_way: ["How", "방법"],
  make_sale: ["Sign it with a price", "값을 매겨 서명"],
  make_sale_hint: [
    "Free. The buyer registers it when buying.",
    "돈이 들지 않습니다. 사는 사람이 사면서 등록합니다.",
  ],
  make_signed: ["Only sign it", "서명만"],
  make_signed_hint: [
    "Free. Shown here, not for sale; anybody may register it for you.",
    "돈이 들지 않습니다. 팔지 않고 보이기만 합니다. 누구나 내 이름으로 등록해 줄 수 있습니다.",
  ],
  make_register: ["Register it now", "지금 등록"],
  make_register_hint: [
    "A transaction of yours; costs gas.",
    "내가 거래를 보냅니다. 가스값이 듭니다.",
  ],
  make_go_sign: ["Look it over and sign", "살펴보고 서명"],
  make_go_register: ["Look it over and register", "살펴보고 등록"],
  price: ["Price", "값"],
  currency: ["In", "단위"],
  amount_wrong: ["A number above zero, like 0.05.", "0.05처럼 0보다 큰 수."],
  address_wrong: [
    "An address begins with 0x and has 40 digits.",
    "주소는 0x로 시작하는 40자리입니다.",
  ],

  /* OFFER */
  offer_way: ["How it changes hands", "건네는 방법"],
  offer_how: ["How you offer it", "내놓는 방법"],
  how_signed: ["By a signature", "서명으로"],
  how_signed_hint: ["Free; kept on this board.", "돈이 들지 않고, 이 게시판에 둡니다."],
  how_published: ["On the chain", "체인에"],
  how_published_hint: ["Costs gas; seen everywhere.", "가스값이 들고, 어디서나 보입니다."],
  arbiter: ["Arbiter, if you want one", "중재인(있다면)"],
  arbiter_hint: [
    "Somebody both sides trust, who divides the money if you disagree. Their address.",
    "뜻이 맞지 않을 때 돈을 나눌, 둘 다 믿는 사람의 주소.",
  ],

  /* MINE, TRADES, MONEY */
  mine_made: ["Made by me", "내가 만든 것"],
  mine_owned: ["Mine", "내가 가진 것"],
  empty_mine: ["Nothing of yours here yet", "아직 내 작품이 없습니다"],
  empty_mine_hint: ["What you make or buy is kept here.", "만들거나 산 것이 여기에 모입니다."],
  empty_trades: ["No trades yet", "아직 거래가 없습니다"],
  empty_trades_hint: [
    "What you buy and sell is listed here, with who has to do what until when.",
    "사고판 것이, 누가 언제까지 무엇을 할 차례인지와 함께 여기에 보입니다.",
  ],
  you_sold_to: ["Sold to", "산 사람"],
  you_bought_from: ["Bought from", "판 사람"],
  time_left: ["{span} left", "{span} 남음"],
  late: ["the time is over", "기한이 지남"],
  state_funded_seller: ["Paid. Your turn: send it", "지급됨. 보낼 차례입니다"],
  state_funded_buyer: ["Paid; the seller sends it", "지급함. 판 사람이 보낼 차례"],
  state_shipped_seller: ["Sent; the buyer looks it over", "보냄. 산 사람이 살펴보는 중"],
  state_shipped_buyer: ["On its way. Confirm when you have it", "오는 중. 받으면 확인해 주세요"],
  state_disputed: ["Disputed; the arbiter decides", "다툼 중. 중재인이 정합니다"],
  state_done: ["Done", "끝남"],
  state_refunded: ["Paid back", "돌려줌"],
  state_divided: ["Divided", "나눔"],
  act_ship: ["I have sent it", "보냈습니다"],
  act_confirm: ["I have it: pay", "받았습니다: 지급"],
  act_refund: ["Give the money back", "돈 돌려주기"],
  act_dispute: ["Something is wrong", "문제가 있습니다"],
  act_claim: ["The time is over: end it", "기한이 지남: 끝내기"],
  ship_note: ["How you sent it (optional)", "어떻게 보냈는지(선택)"],
  dispute_note: ["What is wrong (optional)", "무엇이 문제인지(선택)"],
  note_hint: [
    "Only a fingerprint of these words goes on the chain. Keep them: they prove what you said.",
    "이 글의 지문만 체인에 남습니다. 글은 간직해 두세요. 무슨 말을 했는지 증명해 줍니다.",
  ],
  money_words: [
    "Most payments reach you at once. What couldn't be sent waits here for you, for ever.",
    "값은 대부분 바로 들어옵니다. 보내지 못한 돈은 여기서 언제까지나 기다립니다.",
  ],
  you_have: ["In your wallet", "지갑에 있는 돈"],
  waiting_for_you: ["Waiting for you", "찾아갈 돈"],
  empty_money: ["Nothing waits", "기다리는 돈이 없습니다"],
  empty_money_hint: [
    "Everything that you earned was paid to you at once.",
    "번 돈은 모두 바로 지급되었습니다.",
  ],

  /* WALLET */
  wallet: ["the wallet", "지갑"],
  connect: ["Connect", "지갑 연결"],
  disconnect: ["Disconnect", "연결 끊기"],
  browser_wallet: ["The browser's wallet", "브라우저 지갑"],
  no_wallet: [
    "There is no wallet in this browser. MetaMask, Rabby and others work; on a phone, open this page in the wallet's own browser.",
    "이 브라우저에 지갑이 없습니다. MetaMask, Rabby 등을 쓸 수 있습니다. 휴대전화에서는 지갑 앱 안의 브라우저로 여세요.",
  ],
  connect_words: [
    "Connecting shows this page your address, and lets it do nothing by itself.",
    "연결하면 이 페이지가 주소를 볼 뿐, 스스로 할 수 있는 일은 없습니다.",
  ],
  connect_hint: ["With a wallet you can go on here.", "지갑을 연결하면 계속할 수 있습니다."],
  connect_rejected: ["You declined. Nothing was connected.", "거절했습니다. 연결하지 않았습니다."],
  switch_chain: ["Switch to {chain}", "{chain}(으)로 바꾸기"],
  switch_failed: [
    "The wallet didn't switch. Add the chain {chain} (id {id}) in the wallet, then try again.",
    "지갑이 바꾸지 못했습니다. 지갑에 {chain} 체인(번호 {id})을 더한 뒤 다시 해 보세요.",
  ],

  /* DEEDS */
  deed_reading: ["Asking the chain…", "체인에 묻는 중…"],
  from_chain: [
    "Read just now from {chain}, through your wallet.",
    "방금 지갑을 통해 {chain}에서 읽었습니다.",
  ],
  kind_sign: ["signature · free", "서명 · 무료"],
  kind_send: ["transaction · gas", "거래 · 가스값"],
  kind_post: ["upload", "올리기"],
  kind_bring: ["sponsored · free", "후원 · 무료"],
  go_wallet: ["Go on to the wallet", "지갑에서 계속"],
  waiting_wallet: ["Look into {wallet} and agree there.", "{wallet}에서 확인해 주세요."],
  waiting_block: [
    "Sent. Waiting for a block to take it in…",
    "보냈습니다. 블록에 담기기를 기다리는 중…",
  ],
  waiting_lost: [
    "Sent, but the chain isn't answering just now. Nothing is lost; this page keeps asking.",
    "보냈지만 지금 체인이 대답하지 않습니다. 잃은 것은 없고, 계속 묻고 있습니다.",
  ],
  waiting_post: ["It is being brought…", "보내는 중…"],
  see_work: ["See the work", "작품 보기"],
  see_trades: ["See my trades", "내 거래 보기"],
  see_money: ["See my money", "돈 보기"],
  deed_register: ["Register a work", "작품 등록"],
  deed_voucher: ["Sign a work", "작품에 서명"],
  deed_offer: ["Offer a work", "작품 내놓기"],
  deed_delivery: ["Offer a work to be sent", "보내 줄 작품 내놓기"],
  deed_cancel: ["Take it back", "거두기"],
  deed_bid: ["Bid for a work", "값 부르기"],
  deed_accept: ["Accept a bid", "부른 값 받아들이기"],
  deed_buy: ["Buy a work", "작품 사기"],
  deed_fund: ["Buy, and pay on arrival", "사기(받으면 지급)"],
  deed_withdraw: ["Withdraw", "찾기"],
  fact_title: ["Work", "작품"],
  fact_price: ["Price", "값"],
  fact_bid: ["Bid", "부른 값"],
  fact_you_pay: ["You pay", "내는 돈"],
  fact_seller_gets: ["To the seller", "판 사람에게"],
  fact_royalty: ["To its makers", "만든이 몫"],
  fact_referral: ["To who brought the buyer", "소개한 사람에게"],
  fact_fee: ["To the community", "공동체에"],
  fact_sponsor: ["Of it, repaid to the gas sponsor", "그중 가스 후원자에게"],
  fact_royalty_rate: ["Royalty", "되팔 때 몫"],
  fact_until: ["Until", "기한"],
  fact_amount: ["Amount", "금액"],
  fact_ship: ["Time to send", "보낼 기한"],
  fact_inspect: ["Time to look it over", "살펴볼 기한"],
  fact_arbiter: ["Arbiter", "중재인"],
  fact_no_arbiter: ["none: nobody can dispute", "없음: 다툴 수 없음"],
  fact_arbiter_fee: ["The arbiter's fee", "중재 수수료"],
  fact_in_escrow: ["In escrow", "맡겨 둔 돈"],
  fact_part: ["Part", "회차"],
  fact_note: ["Your words", "적은 말"],
  say_register: [
    "Registers “{title}” as your work, for good. Nobody else can take its id.",
    "“{title}”을(를) 내 작품으로 영구히 등록합니다. 다른 사람은 이 번호를 가질 수 없습니다.",
  ],
  say_upload: [
    "Says that the board may keep the work's words. Gives no right to anything else.",
    "게시판이 작품 소개를 보관해도 된다고 서명합니다. 다른 권한은 주지 않습니다.",
  ],
  say_put_file: [
    "Puts {name} on the board, for everybody to see.",
    "{name}을(를) 모두가 보도록 게시판에 올립니다.",
  ],
  say_voucher_sale: [
    "Says that “{title}” is your work, and that whoever pays {price} may have it. Nothing is sent; it costs nothing.",
    "“{title}”이(가) 내 작품이고, {price}을(를) 내는 사람이 가져도 된다고 서명합니다. 보내는 것도 드는 돈도 없습니다.",
  ],
  say_voucher: [
    "Says that “{title}” is your work. Whoever registers it, it is yours. Nothing is sent; it costs nothing.",
    "“{title}”이(가) 내 작품이라고 서명합니다. 누가 등록하든 내 것입니다. 보내는 것도 드는 돈도 없습니다.",
  ],
  say_register_for: [
    "Registers “{title}” for its maker {creator}, who owns it then. You pay the gas.",
    "“{title}”을(를) 만든이 {creator} 이름으로 등록합니다. 가스값은 내가 냅니다.",
  ],
  say_approve_work: [
    "Lets the market hand over this one work, and only when somebody pays what you ask.",
    "누가 내가 부른 값을 낼 때, 장터가 이 작품 하나만 건네줄 수 있게 합니다.",
  ],
  say_offer_signed: [
    "Says that until {until} whoever pays {price} may have “{title}”. It stays yours until then.",
    "{until}까지 {price}을(를) 내는 사람이 “{title}”을(를) 가져도 된다고 서명합니다. 그때까지는 내 것입니다.",
  ],
  say_offer_published: [
    "Publishes on the chain that until {until} whoever pays {price} may have “{title}”.",
    "{until}까지 {price}을(를) 내는 사람이 “{title}”을(를) 가져도 된다고 체인에 알립니다.",
  ],
  say_delivery_signed: [
    "Says that until {until} somebody may pay {price} for “{title}”, and that you then send it. The money waits until it arrived.",
    "{until}까지 누가 “{title}” 값으로 {price}을(를) 맡기면 내가 보내겠다고 서명합니다. 돈은 도착할 때까지 기다립니다.",
  ],
  say_delivery_published: [
    "Publishes on the chain that until {until} somebody may pay {price} for “{title}”, and that you then send it.",
    "{until}까지 누가 “{title}” 값으로 {price}을(를) 맡기면 내가 보내겠다고 체인에 알립니다.",
  ],
  say_sponsored: [
    "It costs you nothing: the market's sponsor pays the gas.",
    "돈은 들지 않습니다. 가스값은 장터의 후원자가 냅니다.",
  ],
  say_cancel_published: [
    "Takes the offer off. Nobody can use it any more.",
    "내놓은 것을 거둡니다. 이제 아무도 쓸 수 없습니다.",
  ],
  say_cancel_signed: [
    "Kills what you signed, wherever a copy of it may be.",
    "서명한 것을 무효로 만듭니다. 어디에 사본이 있든 쓸 수 없습니다.",
  ],
  say_permit: [
    "Lets the market take {amount} from you, once, for just this.",
    "이번 한 번만, 장터가 {amount}을(를) 가져갈 수 있게 합니다.",
  ],
  say_approve_token: [
    "Lets the market take {amount} from you.",
    "장터가 {amount}을(를) 가져갈 수 있게 합니다.",
  ],
  say_bid: [
    "Says that until {until} the owner may have {price} of yours for “{title}”.",
    "{until}까지 주인이 “{title}”을(를) 주면 {price}을(를) 내겠다고 서명합니다.",
  ],
  say_accept: [
    "Gives “{title}” to {bidder} for {price}. It is theirs from then on.",
    "“{title}”을(를) {price}에 {bidder}에게 줍니다. 그때부터 그 사람 것입니다.",
  ],
  say_buy: [
    "Pays {price} for “{title}” to {seller}. Work and money change hands together, or neither does.",
    "“{title}” 값 {price}을(를) {seller}에게 냅니다. 작품과 돈을 한 번에 맞바꾸고, 아니면 아무 일도 없습니다.",
  ],
  say_buy_new: [
    "Registers “{title}” as the work of {creator} and buys it for {price}, in one go.",
    "“{title}”을(를) {creator}의 작품으로 등록하고 {price}에 삽니다. 한 번에 이루어집니다.",
  ],
  say_fund: [
    "Pays {price} for “{title}” into escrow. {seller} gets it when you confirm, or when the time to look it over has passed without a word from you.",
    "“{title}” 값 {price}을(를) 맡깁니다. 내가 확인하거나, 아무 말 없이 살펴볼 기한이 지나면 {seller}에게 갑니다.",
  ],
  say_ship: [
    "Says that you sent “{title}” to {other}. From now on the buyer's time to look it over runs.",
    "“{title}”을(를) {other}에게 보냈다고 알립니다. 이제부터 살펴볼 기한이 갑니다.",
  ],
  say_confirm: [
    "Says that you have “{title}”. {amount} goes to {other}; that can't be undone.",
    "“{title}”을(를) 받았다고 알립니다. {amount}이(가) {other}에게 가며, 되돌릴 수 없습니다.",
  ],
  say_refund: [
    "Gives {amount} back to {other}. The trade ends.",
    "{amount}을(를) {other}에게 돌려줍니다. 거래가 끝납니다.",
  ],
  say_dispute: [
    "Calls the arbiter {arbiter}, who divides the {amount} between you and {other}.",
    "중재인 {arbiter}을(를) 부릅니다. {amount}을(를) 나와 {other} 사이에 나누게 됩니다.",
  ],
  say_claim_funded: [
    "It wasn't sent in time: {amount} goes back to the buyer.",
    "기한 안에 보내지 않았으므로 {amount}이(가) 산 사람에게 돌아갑니다.",
  ],
  say_claim_shipped: [
    "The time to look it over has passed: the seller is paid.",
    "살펴볼 기한이 지났으므로 판 사람에게 지급됩니다.",
  ],
  say_claim_disputed: [
    "The arbiter was silent: {amount} is divided as was agreed for that.",
    "중재인이 말이 없었으므로 {amount}을(를) 미리 정한 대로 나눕니다.",
  ],
  say_withdraw: [
    "Sends {amount} from the market to your wallet.",
    "{amount}을(를) 장터에서 내 지갑으로 보냅니다.",
  ],
  done_register: ["It is registered, and yours.", "등록되었습니다. 내 작품입니다."],
  done_voucher: [
    "Signed and shown. It cost nothing.",
    "서명하고 올렸습니다. 돈은 들지 않았습니다.",
  ],
  done_voucher_sale: [
    "Signed and for sale. It cost nothing.",
    "서명하고 내놓았습니다. 돈은 들지 않았습니다.",
  ],
  done_offer: ["It is offered.", "내놓았습니다."],
  done_cancel: ["Taken back.", "거두었습니다."],
  done_bid: ["Your bid stands on the board.", "부른 값을 게시판에 올렸습니다."],
  done_accept: ["Sold.", "팔았습니다."],
  done_buy: ["It is yours.", "이제 내 것입니다."],
  done_fund: ["Paid into escrow. The seller knows.", "값을 맡겼습니다. 판 사람이 보낼 차례입니다."],
  done_ship: ["Good. The buyer was told.", "잘하셨습니다. 산 사람이 알게 됩니다."],
  done_confirm: ["The seller is paid. Enjoy it!", "판 사람에게 지급되었습니다. 잘 쓰세요!"],
  done_refund: ["The money is back with the buyer.", "돈을 돌려주었습니다."],
  done_dispute: ["The arbiter is called.", "중재인을 불렀습니다."],
  done_claim: ["The trade has ended.", "거래를 끝냈습니다."],
  done_withdraw: ["It is in your wallet.", "지갑에 들어왔습니다."],

  /* WHY NOT */
  stop_document_length: [
    "The words are too long for the registry. Shorten the description.",
    "등록하기에 글이 너무 깁니다. 소개를 줄여 주세요.",
  ],
  stop_registered: ["You registered this before.", "이미 등록한 작품입니다."],
  stop_unregistered: ["This work isn't registered yet.", "아직 등록되지 않은 작품입니다."],
  stop_not_owner: [
    "On the chain the work is {owner}'s, not yours.",
    "체인에서 이 작품의 주인은 {owner}입니다.",
  ],
  stop_own_work: ["It is yours already.", "이미 내 작품입니다."],
  stop_own_offer: ["You offer it yourself.", "내가 내놓은 것입니다."],
  stop_poor: [
    "You have {has}; {needs} are needed.",
    "가진 돈은 {has}이고, 필요한 돈은 {needs}입니다.",
  ],
  stop_document_wrong: [
    "What this page was given doesn't fit the work or its id. Nothing was signed.",
    "이 페이지가 받은 문서가 작품이나 번호와 맞지 않습니다. 아무것도 서명하지 않았습니다.",
  ],
  stop_bid_dead: ["This bid can't be taken any more.", "이 값은 이제 받을 수 없습니다."],
  stop_bidder_poor: [
    "The bidder doesn't have that money any more.",
    "값을 부른 사람에게 그만한 돈이 없습니다.",
  ],
  stop_reserved: ["It is reserved for somebody else.", "다른 사람에게 주기로 한 것입니다."],
  stop_expired: ["Its time is over.", "기한이 지났습니다."],
  stop_moved: ["The work changed hands meanwhile.", "그사이 작품의 주인이 바뀌었습니다."],
  stop_not_approved: [
    "The seller doesn't let the market hand it over any more.",
    "판 사람이 장터에 건네줄 권한을 거두었습니다.",
  ],
  stop_gone: [
    "Somebody was faster, or it was taken back.",
    "다른 사람이 먼저 샀거나, 거두어 갔습니다.",
  ],
  stop_not_for_sale: ["It isn't for sale.", "파는 것이 아닙니다."],
  stop_voucher_for_sale: ["It is registered when it is bought.", "팔릴 때 등록됩니다."],
  stop_trade_ended: ["This trade has ended.", "끝난 거래입니다."],
  stop_trade_moved: [
    "The trade has gone on meanwhile. Look again.",
    "그사이 거래가 나아갔습니다. 다시 살펴보세요.",
  ],
  stop_not_late: ["There is time until {deadline}.", "{deadline}까지 기한이 남았습니다."],
  stop_no_arbiter: ["This trade has no arbiter.", "중재인이 없는 거래입니다."],
  stop_sponsor: [
    "The sponsor didn't bring it. Nothing happened; try again, or send it yourself.",
    "후원자가 보내지 못했습니다. 아무 일도 없었으니 다시 하거나 직접 보내세요.",
  ],
  stop_no_credit: ["Nothing waits any more.", "이제 찾을 돈이 없습니다."],

  /* PROBLEMS */
  problem_no_wallet: ["The wallet isn't connected any more.", "지갑 연결이 끊겼습니다."],
  problem_wallet_busy: [
    "The wallet is waiting for an answer already. Open it.",
    "지갑이 이미 대답을 기다리고 있습니다. 지갑을 열어 보세요.",
  ],
  problem_chain: [
    "Your wallet is on another chain; this market is on {chain}.",
    "지갑이 다른 체인에 있습니다. 이 장터는 {chain}에 있습니다.",
  ],
  problem_account: [
    "The account in your wallet changed meanwhile, so nothing was done. Start over with the one you want.",
    "그사이 지갑의 계정이 바뀌어 멈췄습니다. 원하는 계정으로 처음부터 해 주세요.",
  ],
  problem_rejected: [
    "You declined in the wallet. Nothing was signed or sent.",
    "지갑에서 거절했습니다. 서명하거나 보낸 것이 없습니다.",
  ],
  problem_two_tabs: [
    "You are at this in another tab already. Finish it there.",
    "다른 탭에서 이미 하고 있습니다. 거기서 마쳐 주세요.",
  ],
  problem_poor: ["There isn't enough {coin} for the gas.", "가스값을 낼 {coin}이(가) 모자랍니다."],
  problem_lost: [
    "The connection is lost. Nothing is lost with it: try again when it's back.",
    "연결이 끊겼습니다. 잃은 것은 없습니다. 돌아오면 다시 해 보세요.",
  ],
  problem_reverted: ["The contract refused: {reason}", "컨트랙트가 거절했습니다: {reason}"],
  problem_reverted_later: [
    "The chain took it in and refused it: something changed meanwhile. Only gas was spent.",
    "체인이 받았지만 거절했습니다. 그사이 무언가 바뀌었습니다. 가스값만 들었습니다.",
  ],
  pending: ["On its way", "진행 중"],
  pending_waiting: ["On its way:", "진행 중:"],
  pending_done: ["Done:", "끝남:"],
  pending_failed: ["Refused by the chain:", "체인이 거절함:"],
  see_transaction: ["See the transaction", "거래 보기"],
  span_day: ["{count} d", "{count}일"],
  span_hour: ["{count} h", "{count}시간"],
  span_minute: ["{count} min", "{count}분"],
  span_second: ["{count} s", "{count}초"],
} as const satisfies Record<string, readonly [en: string, ko: string]>;

export type Key = keyof typeof all;

function of(index: 0 | 1): Record<Key, string> {
  const entries = Object.entries(all).map(([key, both]) => [key, both[index]]);
  return Object.fromEntries(entries) as Record<Key, string>;
}

export const texts: Record<Lang, Record<Key, string>> = { en: of(0), ko: of(1) };
