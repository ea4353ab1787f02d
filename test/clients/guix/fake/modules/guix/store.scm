(define-module (guix store)
  #:export (open-connection store-connection-error? add-text-to-store add-indirect-root))

(define (open-connection)
  (when (file-exists? "/checkouts/guix/no-daemon")
    (throw '%exception 'no-daemon))
  'connection)

(define (store-connection-error? condition) (eq? condition 'no-daemon))

(define (add-text-to-store store name text references)
  (string-append "/gnu/store/vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv-" name))

(define (add-indirect-root store file)
  (unless (string-prefix? "/gnu/store/" (readlink file))
    (error "a root that leads nowhere" file)))
