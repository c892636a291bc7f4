const POLICY = 'content-security-policy'

/**
 * The worker keeps the page with the headers that it came with, and one of them says where it may connect to. When the
 * installation's API or LiveKit has moved, the kept page would be shut out: it gets the new policy here. Returns
 * whether it did, which counts from the next time the page is loaded.
 */
export async function refreshShellPolicy(): Promise<boolean> {
  // With a question that no worker has an answer to.
  const fresh = await fetch(`/index.html?${Date.now()}`, { method: 'HEAD', cache: 'no-store' })
  if (!fresh.ok) return false
  const policy = fresh.headers.get(POLICY)
  let changed = false
  for (const { cache, request } of await keptShells()) {
    const kept = await cache.match(request)
    if (kept === undefined || kept.headers.get(POLICY) === policy) continue
    const headers = new Headers(kept.headers)
    if (policy === null) headers.delete(POLICY)
    else headers.set(POLICY, policy)
    await cache.put(request, new Response(await kept.blob(), { headers }))
    changed = true
  }
  return changed
}

async function keptShells(): Promise<{ cache: Cache; request: Request }[]> {
  const names = (await caches.keys()).filter((name) => name.includes('-precache-'))
  const kept = await Promise.all(
    names.map(async (name) => {
      const cache = await caches.open(name)
      return (await cache.keys()).map((request) => ({ cache, request }))
    }),
  )
  return kept.flat().filter(({ request }) => new URL(request.url).pathname === '/index.html')
}
