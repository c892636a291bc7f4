import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '@/components/ui/button'
import { Dialog, DialogNote } from '@/components/ui/dialog'
import { orThrow } from '@/lib/api/client'
import type { Memory } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { wordsFor } from '@/lib/errors'
import { useServices } from '@/lib/services'
import { memoriesQuery, without } from './memory-queries'

interface ForgetDialogProps {
  memory: Memory | null
  /** Its words, as the list shows them. */
  words: string
  /** What a keyboard goes on with when it is gone. */
  focusAfter: () => HTMLElement | null
  onClose: () => void
}

/** Asks before the tutor forgets something for good. */
export function ForgetDialog({ memory, words, focusAfter, onClose }: ForgetDialogProps) {
  const { t } = useTranslation(['settings', 'common'])
  const { api } = useServices()
  const queries = useQueryClient()
  const place = useRef<HTMLElement>(null)
  const forgetting = useMutation({
    networkMode: 'always',
    mutationFn: async ({ id }: Memory) => {
      const call = api.DELETE('/sessions/default/memories/{id}', { params: { path: { id } } })
      await orThrow(call).catch((cause: unknown) => {
        // Gone already, by another page or because the tutor learnt better: that is what was wanted.
        if (asApiError(cause).code !== 'not_found') throw cause
      })
    },
    onSuccess: (_, { id }) => {
      const beside = focusAfter()
      const { queryKey } = memoriesQuery(api)
      queries.setQueryData(queryKey, (now) => (now === undefined ? now : without(now, id)))
      close(beside)
    },
  })
  const close = (focused: HTMLElement | null = null) => {
    place.current = focused
    forgetting.reset()
    onClose()
  }
  return (
    <Dialog
      open={memory !== null}
      onOpenChange={(open) => {
        if (!open) close()
      }}
      title={t('memory.ask')}
      focusAfter={() => place.current}
    >
      <DialogNote>
        <span dir="auto" className="block font-said text-reading text-ink">
          {words}
        </span>
        <span className="block pt-2">{t('memory.askHint')}</span>
      </DialogNote>
      {forgetting.isError && (
        <p role="alert" className="text-small text-danger">
          {wordsFor(forgetting.error)}
        </p>
      )}
      <div className="flex flex-wrap justify-end gap-3">
        <Button weight="quiet" onClick={() => close()}>
          {t('memory.keep')}
        </Button>
        <Button
          weight="danger"
          disabled={forgetting.isPending}
          onClick={() => {
            if (memory !== null) forgetting.mutate(memory)
          }}
        >
          {t('memory.forget')}
        </Button>
      </div>
    </Dialog>
  )
}
