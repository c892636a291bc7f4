import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import { useMessages } from '@/lib/messages'

/** The last resort: a page whose own code failed. */
export function BrokenPage() {
  const { start } = useMessages()
  return (
    <main>
      <Notice title={start.broken} hint={start.brokenHint} urgent>
        <Button onClick={() => window.location.reload()}>{start.reload}</Button>
      </Notice>
    </main>
  )
}
