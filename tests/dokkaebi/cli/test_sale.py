from pathlib import Path
LOG=open("/tmp/cf_log","w")
from tests.dokkaebi.conftest import *

def test_all(market: Market, work: Path):
    a=market.say("publish", work, "--title","백자 pot"); LOG.write(a.out+a.err+"\n"); assert a.code==0
    a=market.say("publish", work, "--title","백자 pot"); LOG.write(a.out+a.err+"\n"); assert a.code==0
    cid=market.publish(work,"--title","백자 pot")
    a=market.say("verify", work); LOG.write(a.out+a.err+"\n"); assert a.code==0
    a=market.say("offer","--creation",cid,"--price","0.05","--dry-run"); LOG.write(a.out+a.err+"\n")
    a=market.say("offer","--creation",cid,"--price","0.05", "--referral","10"); LOG.write(a.out+a.err+"\n")
    oid=a.out.split("dokkaebi buy ")[1].strip()
    a=market.say("show",cid); LOG.write(a.out+a.err+"\n")
    a=market.say("show",oid); LOG.write(a.out+a.err+"\n")
    a=market.say("buy",oid[:10],"--dry-run",key=BUYER); LOG.write(a.out+a.err+"\n")
    a=market.say("buy",oid[:10],key=BUYER, ); LOG.write(a.out+a.err+"\n")
    a=market.say("show",oid); LOG.write(a.out+a.err+"\n")
    a=market.say("withdraw",key=TREASURY); LOG.write(a.out+a.err+"\n")
    a=market.say("withdraw","--asset","all","--lang","ko",key=TREASURY); LOG.write(a.out+a.err+"\n")
    a=market.say("offer","--price","3","--delivered","--asset","token"); LOG.write(a.out+a.err+"\n")
    oid=a.out.split("dokkaebi fund ")[1].strip()
    market.give_tokens(BUYER, 10**20)
    a=market.say("fund",oid,"--dry-run",key=BUYER); LOG.write(a.out+a.err+"\n")
    a=market.say("fund",oid,key=BUYER); LOG.write(a.out+a.err+"\n")
    tid=a.out.split("claim-timeout ")[1].strip().rstrip("'.")
    a=market.say("show",tid); LOG.write(a.out+a.err+"\n")
    a=market.say("ship",tid[:12]); LOG.write(a.out+a.err+"\n")
    a=market.say("confirm",oid,key=BUYER); LOG.write(a.out+a.err+"\n")
    a=market.say("show",tid,"--lang","ko"); LOG.write(a.out+a.err+"\n")
    a=market.say("show",oid,"--lang","ko"); LOG.write(a.out+a.err+"\n")
    a=market.say("confirm",oid,key=BUYER); LOG.write(a.out+a.err+"\n")
    a=market.say("confirm",oid,key=BUYER,); LOG.write(a.out+a.err+"\n")
    assert 0
