from .surt import MatchType, escape, scope, urlkey


def test_key() -> None:
    keys = {
        "https://www.hkcnews.com/article/1/%E7%87%88": "com,hkcnews)/article/1/%e7%87%88",
        "http://hkcnews.com:80/Article/1": "com,hkcnews)/article/1",
        "//WWW2.hkcnews.com./article/1": "com,hkcnews)/article/1",
        "hkcnews.com": "com,hkcnews)/",
        "https://hkcnews.com?a=B": "com,hkcnews)/?a=b",
        "https://hkcnews.com/article/1?": "com,hkcnews)/article/1",
        "https://hkcnews.com/article/1??": "com,hkcnews)/article/1??",
        "https://user@hkcnews.com/article/1": "com,hkcnews)/article/1",
        "https://hkcnews.com/article/%25E7|[x]": "com,hkcnews)/article/%25e7|[x]",
        "https://hkcnews.com/燈 塔#x": "com,hkcnews)/%e7%87%88%20%e5%a1%94%23x",
        "mailto:Desk@hkcnews.example": "mailto:desk@hkcnews.example",
    }
    assert {url: urlkey(url) for url in keys} == keys


def test_an_escaped_url_has_the_same_key_and_is_escaped_once() -> None:
    url = "https://hkcnews.com/燈 塔#|%E7"
    assert urlkey(escape(url)) == urlkey(url)
    assert escape(escape(url)) == escape(url)


def test_scope() -> None:
    for url, asked, match_type, exact, prefixes in (
        ("hkcnews.com/a", MatchType.EXACT, MatchType.EXACT, "com,hkcnews)/a", ()),
        ("www.hkcnews.com/article/339", MatchType.PREFIX, MatchType.PREFIX, "", ("com,hkcnews)/article/339",)),
        ("hkcnews.com/article/*", MatchType.EXACT, MatchType.PREFIX, "", ("com,hkcnews)/article/",)),
        ("hkcnews.com/x", MatchType.HOST, MatchType.HOST, "", ("com,hkcnews)/",)),
        ("*.hkcnews.com", MatchType.EXACT, MatchType.DOMAIN, "", ("com,hkcnews)", "com,hkcnews,")),
    ):
        found = scope(url, asked)
        assert (found.match_type, found.exact, found.prefixes) == (match_type, exact, prefixes)
