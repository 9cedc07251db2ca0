// Owns the road of the authorization code: a listener, a URL, the callback, the exchange. Saves nothing.
import type { OAuthSettings } from '../config/server-entry.ts';
import { orAborted } from '../lib/or-aborted.ts';
import { beginAuthorization, judgeCallback } from './authorize.ts';
import { requireOpenableUrl } from './browser.ts';
import type { CallbackServer } from './callback-server.ts';
import { chooseClient } from './choose-client.ts';
import { exchangeCode } from './exchange-code.ts';
import type { Departure, LoginDeps, LoginInput, LoginRoad } from './login-road.ts';
import { isLoopbackHost } from './loopback.ts';
import { requiresPush } from './pushed-authorization.ts';
import { fixedLoginUrl, pushedLoginUrl } from './pushed-login-url.ts';

/** @throws GatewayError AUTH_FAILED */
export async function openCodeRoad(deps: LoginDeps, input: LoginInput, from: Departure): Promise<LoginRoad> {
  const { entry, settings, signal } = input;
  const { discovery, saved, scope, dpop } = from;
  const port = await deps.callbacks.open(
    callbackAddress(settings, saved?.client.redirect_uri ?? input.earlierCallbackUrl),
  );
  try {
    const redirectUri = settings.redirectUri ?? port.redirectUri;
    let client = await chooseClient(deps, input, { discovery, saved, redirectUri });
    const asked = { discovery, redirectUri: client.redirect_uri ?? port.redirectUri, scope, settings, dpop };
    const pending = await beginAuthorization({ server: entry.name, client, ...asked });
    const showing = requiresPush(discovery.as)
      ? await pushedLoginUrl(deps, input, {
          discovery,
          client,
          pending,
          port,
          corrected: (better) => {
            client = better;
          },
        })
      : fixedLoginUrl(requireOpenableUrl(pending.url));
    const arrived = port.expect(pending.state);
    let parameters: URLSearchParams | undefined;
    return {
      get loginUrl() {
        return showing.url();
      },
      ...(showing.holdsMs !== undefined && { urlHoldsMs: showing.holdsMs }),
      callbackUrl: port.redirectUri,
      client,
      expiresAt: input.expiresAt,
      deliver: (pasted) => port.deliver(pasted),
      async obtain() {
        parameters = await orAborted(arrived, signal);
        const { state } = pending;
        const accepted = judgeCallback({ server: entry.name, discovery, client, state, parameters });
        const exchange = { server: entry.name, discovery, client, pending, key: settings, signal };
        return await exchangeCode(deps, { ...exchange, parameters: accepted });
      },
      // A human who said no was asked by a server that knows the client; every other end leaves that in doubt.
      clientIsKnown: () => parameters?.get('error') === 'access_denied',
      answer: (page) => port.answer(page),
      async release() {
        showing.stop();
        await port.release();
      },
    };
  } catch (error) {
    await port.release();
    throw error;
  }
}

function callbackAddress(settings: OAuthSettings, earlier: string | undefined): Parameters<CallbackServer['open']>[0] {
  const configured = settings.redirectUri === undefined ? undefined : new URL(settings.redirectUri);
  return {
    host: settings.callbackHost,
    fixedPort: settings.callbackPort ?? loopbackPort(configured),
    preferredPort: loopbackPort(earlier !== undefined && URL.canParse(earlier) ? new URL(earlier) : undefined),
    path: configured?.pathname,
  };
}

/** The port that a redirect URI binds us to: only one on this machine, without a proxy before it, does. */
function loopbackPort(url: URL | undefined): number | undefined {
  if (url?.protocol !== 'http:' || !isLoopbackHost(url.hostname)) return undefined;
  return url.port === '' ? 80 : Number(url.port);
}
