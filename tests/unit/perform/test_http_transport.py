"""The transport against real servers on loopback: streams, redirects, lost connections, forbidden addresses."""

import asyncio
import gc
import gzip
import resource
import tracemalloc

import pytest
from aiohttp import web

from recipe_engine.plugin import Request, Retryable, Terminal
from recipe_engine.runtime.http import AiohttpTransport
from recipe_engine.runtime.private_addresses import Allowed
from tests.unit.perform.kit import serving


@pytest.fixture
async def transport():
    made = AiohttpTransport()
    yield made
    await made.close()


def trusted(method, url, **options):
    return Request(method, url, trusted=True, **options)


async def test_request_and_answer_arrive_as_they_are(transport):
    async def handler(request):
        return web.json_response(
            {
                "method": request.method,
                "path": request.raw_path,
                "header": request.headers["X-Name"],
                "agent": request.headers["User-Agent"].partition("/")[0],
                "body": await request.text(),
            },
            status=201,
            headers={"X-Answer": "yes"},
        )

    async with serving(handler) as url:
        response = await transport.send(
            trusted("PUT", f"{url}/a%2Fb?q=%20x", headers={"X-Name": "n"}, body="é".encode())
        )
    assert response.status == 201
    assert response.ok
    assert response.headers["x-answer"] == "yes"
    assert await response.json() == {
        "method": "PUT",
        "path": "/a%2Fb?q=%20x",
        "header": "n",
        "agent": "recipe-engine",
        "body": "é",
    }


async def test_a_url_with_letters_of_any_script_is_encoded(transport):
    async def handler(request):
        return web.Response(text=request.raw_path)

    async with serving(handler) as url:
        assert await (await transport.send(trusted("GET", f"{url}/café du port"))).text() == "/caf%C3%A9%20du%20port"


async def test_connections_are_reused(transport):
    ports = set()

    async def handler(request):
        ports.add(request.transport.get_extra_info("peername")[1])
        return web.Response(text="ok")

    async with serving(handler) as url:
        for _ in range(5):
            await transport.send(trusted("POST", url, body=b"x"))
    assert len(ports) == 1


async def test_three_hundred_megabytes_stream_both_ways_in_flat_memory(transport):
    block = bytes(1_048_576)
    count = 300
    received = 0

    async def handler(request):
        nonlocal received
        async for chunk in request.content.iter_any():
            received += len(chunk)
        response = web.StreamResponse(headers={"Content-Length": str(count * len(block))})
        await response.prepare(request)
        for _ in range(count):
            await response.write(block)
        return response

    async def upload():
        for _ in range(count):
            yield block

    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    async with serving(handler) as url:
        warm_up = await transport.send(trusted("POST", url, body=upload(), timeout=300))
        await warm_up.close()
        gc.collect()
        received = 0
        tracemalloc.start()
        before = peak()
        response = await transport.send(trusted("POST", url, body=upload(), length=count * len(block), timeout=300))
        sent_back = 0
        async for chunk in response.chunks():
            sent_back += len(chunk)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        after = peak()
    assert received == sent_back == count * len(block)
    assert most < 20_000_000
    assert after - before < 40_000


async def test_a_compressed_answer_is_bounded_by_what_it_unpacks_to(transport):
    packed = gzip.compress(bytes(50_000_000))

    async def handler(request):
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    async with serving(handler) as url:
        tracemalloc.start()
        response = await transport.send(trusted("GET", url))
        with pytest.raises(Terminal) as caught:
            await response.read(1_000_000)
        await response.close()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(packed) < 65_536
    assert caught.value.failure.code == "response_too_large"
    assert most < 10_000_000


async def test_a_small_compressed_answer_is_unpacked(transport):
    async def handler(request):
        return web.Response(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})

    async with serving(handler) as url:
        assert await (await transport.send(trusted("GET", url))).json() == {"a": 1}


async def test_refused_connection_did_not_happen(transport):
    async def handler(request):
        return web.Response()

    async with serving(handler) as url:
        pass
    with pytest.raises(Retryable) as caught:
        await transport.send(trusted("POST", url, body=b"x"))
    assert (caught.value.failure.code, caught.value.failure.happened) == ("connection", "no")


async def test_a_name_that_does_not_exist_did_not_happen(transport):
    with pytest.raises(Retryable) as caught:
        await transport.send(trusted("POST", "http://does-not-exist.invalid/", body=b"x"))
    assert (caught.value.failure.code, caught.value.failure.happened) == ("connection", "no")


@pytest.mark.parametrize(("method", "happened"), [("POST", "maybe"), ("PATCH", "maybe"), ("GET", "no")])
async def test_a_connection_dropped_before_the_answer_leaves_writes_open(transport, method, happened):
    async def handler(request):
        await request.read()
        request.transport.abort()
        return web.Response()

    async with serving(handler) as url:
        request = trusted(method, url, body=b"x" if method != "GET" else None)
        with pytest.raises(Retryable) as caught:
            await transport.send(request)
    assert (caught.value.failure.code, caught.value.failure.happened) == ("connection", happened)
    assert request.sent


async def test_a_connection_dropped_in_mid_answer_is_a_lost_answer(transport):
    async def handler(request):
        response = web.StreamResponse(headers={"Content-Length": "1000000"})
        await response.prepare(request)
        await response.write(b"x" * 100_000)
        request.transport.abort()
        return response

    async with serving(handler) as url:
        response = await transport.send(trusted("POST", url, body=b"x"))
        assert response.streamed
        with pytest.raises(Retryable) as caught:
            await response.read()
    assert (caught.value.failure.code, caught.value.failure.happened) == ("connection", "maybe")


async def test_no_answer_in_time_leaves_a_write_open(transport):
    release = asyncio.Event()

    async def handler(request):
        await release.wait()
        return web.Response()

    async with serving(handler) as url:
        with pytest.raises(Retryable) as caught:
            await transport.send(trusted("POST", url, body=b"x", timeout=0.05))
        release.set()
    assert (caught.value.failure.code, caught.value.failure.happened) == ("timeout", "maybe")


async def test_failures_show_the_place_without_query_and_password(transport):
    with pytest.raises(Retryable) as caught:
        await transport.send(trusted("GET", "http://user:hunter22@does-not-exist.invalid/a?token=s3cret"))
    text = f"{caught.value.failure}"
    assert "http://does-not-exist.invalid/a" in text
    assert "hunter22" not in text
    assert "s3cret" not in text


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data",
        "http://100.64.1.1/",
        "http://0.0.0.0:9/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://127.1/",
    ],
)
async def test_private_addresses_are_refused_however_they_are_written(transport, url):
    with pytest.raises(Terminal) as caught:
        await transport.send(Request("GET", url))
    assert caught.value.failure.code == "refused_address"


async def test_a_name_that_resolves_to_loopback_is_refused(transport, monkeypatch):
    def resolve(host, port, *rest, **options):
        import socket

        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    with pytest.raises(Terminal) as caught:
        await transport.send(Request("GET", "http://innocent.example:8080/"))
    assert caught.value.failure.code == "refused_address"
    assert caught.value.failure.title == "innocent.example leads to 127.0.0.1, a loopback address: refused"
    assert "RECIPE_HTTP_ALLOW=innocent.example:8080" in caught.value.failure.detail


async def test_allowed_hosts_are_reached():
    async def handler(request):
        return web.Response(text="inside")

    async with serving(handler) as url:
        port = int(url.rpartition(":")[2])
        allowing = AiohttpTransport(Allowed.parse(f"127.0.0.1:{port}, localhost:{port}"))
        assert await (await allowing.send(Request("GET", url))).text() == "inside"
        assert await (await allowing.send(Request("GET", f"http://localhost:{port}/"))).text() == "inside"
        with pytest.raises(Terminal):
            await allowing.send(Request("GET", f"http://127.0.0.1:{port + 1}/"))
        await allowing.close()


async def test_a_trusted_connection_is_not_lent_to_a_request_that_is_not(transport):
    async def handler(request):
        return web.Response(text="inside")

    async with serving(handler) as url:
        assert (await transport.send(trusted("GET", url))).ok
        with pytest.raises(Terminal) as caught:
            await transport.send(Request("GET", url))
    assert caught.value.failure.code == "refused_address"


async def test_redirects_of_get_are_followed(transport):
    async def handler(request):
        if request.path == "/new":
            return web.Response(text=request.headers.get("Authorization", "none"))
        return web.Response(status=302, headers={"Location": "/new"})

    async with serving(handler) as url:
        response = await transport.send(trusted("GET", f"{url}/old", headers={"Authorization": "Bearer x"}))
        assert await response.text() == "Bearer x"
        assert response.url == f"{url}/new"


async def test_redirects_to_a_private_address_are_refused():
    async def handler(request):
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/metadata"})

    async with serving(handler) as url:
        transport = AiohttpTransport(Allowed.parse(url.removeprefix("http://")))
        with pytest.raises(Terminal) as caught:
            await transport.send(Request("GET", url))
        await transport.close()
    assert caught.value.failure.code == "refused_address"


async def test_a_redirect_away_from_a_trusted_address_is_not_trusted(transport):
    async def elsewhere(request):
        return web.Response(text="secret place")

    async with serving(elsewhere) as other:

        async def handler(request):
            return web.Response(status=302, headers={"Location": other})

        async with serving(handler) as url:
            with pytest.raises(Terminal) as caught:
                await transport.send(trusted("GET", url))
    assert caught.value.failure.code == "refused_address"


async def test_credentials_stay_with_their_host_when_a_redirect_leaves_it():
    async def elsewhere(request):
        return web.json_response(sorted(name.lower() for name in request.headers))

    async with serving(elsewhere) as other:

        async def handler(request):
            return web.Response(status=307, headers={"Location": other})

        async with serving(handler) as url:
            hosts = Allowed.parse(f"{url.removeprefix('http://')} {other.removeprefix('http://')}")
            transport = AiohttpTransport(hosts)
            headers = {"Authorization": "Bearer x", "X-Api-Key": "y", "Cookie": "z", "Accept": "*/*"}
            seen = await (await transport.send(Request("GET", url, headers))).json()
            await transport.close()
    assert not {"authorization", "x-api-key", "cookie"} & set(seen)
    assert "accept" in seen


async def test_redirects_of_writes_are_not_followed(transport):
    async def handler(request):
        return web.Response(status=307, headers={"Location": "/again"})

    async with serving(handler) as url:
        assert (await transport.send(trusted("POST", url, body=b"x"))).status == 307


async def test_a_circle_of_redirects_ends(transport):
    async def handler(request):
        return web.Response(status=302, headers={"Location": "/round"})

    async with serving(handler) as url:
        with pytest.raises(Terminal) as caught:
            await transport.send(trusted("GET", url))
    assert caught.value.failure.code == "too_many_redirects"


@pytest.mark.parametrize("url", ["ftp://example.org/x", "example.org", "http:///x", "http://[bad/"])
async def test_what_is_not_a_url_says_so(transport, url):
    with pytest.raises(Terminal) as caught:
        await transport.send(Request("GET", url))
    assert caught.value.failure.code == "invalid_url"


async def test_a_header_cannot_carry_another(transport):
    async def handler(request):
        return web.Response()

    async with serving(handler) as url:
        with pytest.raises(Terminal) as caught:
            await transport.send(trusted("GET", url, headers={"X-A": "b\r\nX-C: d"}))
    assert caught.value.failure.code == "invalid_request"


async def test_an_untrusted_certificate_is_refused_for_good(transport, tmp_path):
    import ssl

    from tests.unit.perform.certificates import self_signed

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path, "localhost"))

    async def serve(reader, writer):
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Terminal) as caught:
        await transport.send(trusted("GET", f"https://localhost:{port}/"))
    assert caught.value.failure.code == "tls"
    server.close()
    await server.wait_closed()


async def test_what_the_body_raises_is_what_the_caller_gets(transport):
    async def handler(request):
        await request.read()
        return web.Response()

    async def broken():
        yield b"x"
        raise Terminal("the file is gone", code="file_missing")

    async with serving(handler) as url:
        with pytest.raises(Terminal) as caught:
            await transport.send(trusted("POST", url, body=broken()))
    assert caught.value.failure.code == "file_missing"
