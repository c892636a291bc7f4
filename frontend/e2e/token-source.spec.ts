import { fileURLToPath } from 'node:url'
import type * as LiveKit from 'livekit-client'
import { Learner } from './support/learner'
import { expect, test } from './support/test'

declare global {
  interface Window {
    LivekitClient: typeof LiveKit
  }
}

// The page's own policy admits no script but its own, and the library is put in from outside.
test.use({ bypassCSP: true })

test('LiveKit’s own token source connects with our token address and a bearer header', async ({
  page,
  stack,
}) => {
  const ada = await Learner.signedIn(page, stack)
  const library = import.meta.resolve('livekit-client')
  await page.addScriptTag({
    path: fileURLToPath(library).replace('livekit-client.esm.mjs', 'livekit-client.umd.js'),
  })
  const joined = await page.evaluate(
    async ({ url, token }) => {
      const { Room, TokenSource } = window.LivekitClient
      const source = TokenSource.endpoint(url, { headers: { Authorization: `Bearer ${token}` } })
      const { serverUrl, participantToken } = await source.fetch({ agentName: 'anyone' })
      const room = new Room()
      await room.connect(serverUrl, participantToken)
      const agent = await new Promise<string>((resolve) => {
        const look = setInterval(() => {
          const found = [...room.remoteParticipants.values()].find(({ isAgent }) => isAgent)
          if (found?.attributes['lk.agent.state'] === undefined) return
          clearInterval(look)
          resolve(found.identity)
        }, 50)
      })
      const { name, localParticipant } = room
      await room.disconnect()
      return { room: name, learner: localParticipant.identity, agent }
    },
    { url: `${stack.apiUrl}/sessions/default/token`, token: await ada.token() },
  )
  expect(joined.room).toMatch(/^session-/)
  expect(joined.learner).toMatch(/^learner-/)
  expect(joined.agent).toBe(`tutor-${await ada.liveConversationId()}`)
})
